public import CAS
import CASImage

extension Tree {
  /// Opens the image whose file system is the whole tree, if it is that of an image.
  ///
  /// - Throws: if a layer is missing or damaged, or the image has no file system.
  public func openRootImage() throws(CASError) {
    guard let image = shared.options.rootImage else { return }
    _ = try shared.imageFiles.catalog.image(image, cancellation: .none)
  }
}
