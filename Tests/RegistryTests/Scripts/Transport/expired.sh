#!/bin/bash
. registry.bash
. certificates.bash

authority ca; certificate late ca IP:127.0.0.1 0; sleep 1.1
secure late late; trust ca; assert_fails TLS "$casfs" ref ls "$repository"; assert_eq "$(count_requests true)" 0
