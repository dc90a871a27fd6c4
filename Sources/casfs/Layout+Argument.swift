// A conformance of a public type to a public protocol is public, and so are its imports.
public import ArgumentParser
public import CASDirectory

extension DirectoryLayout: ExpressibleByArgument {}
