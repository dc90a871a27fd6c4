public import CAS
import CASImage
package import OCI

extension Tree {
  /// The manifest of the image whose file system is the whole tree; `nil` for a tree of a store.
  package var rootImage: Descriptor? { shared.options.rootImage }

  /// Opens the image whose file system is the whole tree, if it is that of an image.
  ///
  /// - Throws: if a layer is missing or damaged, or the image has no file system.
  public func openRootImage() throws(CASError) {
    guard let image = rootImage else { return }
    _ = try shared.imageFiles.catalog.image(image, cancellation: .none)
  }
}
