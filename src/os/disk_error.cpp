#include "logdist/os/disk_error.hpp"

#include <cerrno>
#include <system_error>

namespace logdist::os {

std::string disk_error_text(int number) {
  std::string text = std::generic_category().message(number);
  // Checksums and structures of ext4, XFS and Btrfs that do not fit.
  if (number == EBADMSG || number == EUCLEAN) text += " (the file system is damaged: repair it with fsck)";
  return text;
}

}  // namespace logdist::os
