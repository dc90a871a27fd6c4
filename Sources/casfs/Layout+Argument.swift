// The conformance of a public type to a public protocol is public, and requires public imports.
public import ArgumentParser
public import CASDirectory

extension DirectoryLayout: ExpressibleByArgument {}
