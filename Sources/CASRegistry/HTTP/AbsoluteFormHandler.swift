import NIOCore
import NIOHTTP1

/// A channel handler of connections to an HTTP proxy: the target of a plain HTTP request becomes its absolute form
/// (RFC 9112, section 3.2.2), since AsyncHTTPClient asks proxies for tunnels only, which many refuse for port 80.
///
/// The URL of such a request names the proxy, and its `Host` field the server that is meant.
final class AbsoluteFormHandler: ChannelOutboundHandler {
  typealias OutboundIn = HTTPClientRequestPart
  typealias OutboundOut = HTTPClientRequestPart

  /// Adds the handlers of a connection to a proxy.
  @Sendable static func add(to channel: any Channel) -> EventLoopFuture<Void> {
    StatusValidationHandler.add(to: channel).flatMap {
      channel.eventLoop.submit {
        let pipeline = channel.pipeline.syncOperations
        let decoder = try pipeline.context(handlerType: ByteToMessageHandler<HTTPResponseDecoder>.self)
        try pipeline.addHandler(AbsoluteFormHandler(), position: .after(decoder.handler))
      }
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .head(var head) = unwrapOutboundIn(data), let host = head.headers.first(name: "Host") {
      head.uri = "http://\(host)\(head.uri)"
      return context.write(wrapOutboundOut(.head(head)), promise: promise)
    }
    context.write(data, promise: promise)
  }
}
