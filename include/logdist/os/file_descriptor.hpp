// An open file of the operating system, closed with its owner.
#pragma once

#include <unistd.h>

#include <utility>

namespace logdist::os {

/// Owns a file descriptor. Move-only; -1 stands for none.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor() { reset(); }

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

  /// Gives up ownership: the caller closes it.
  int release() { return std::exchange(number_, -1); }

  /// Closes it now.
  void reset() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

}  // namespace logdist::os
