// A real disk that refuses when it is told to.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "logdist/queue/disk/files/posix_file_system.hpp"

namespace logdist::test {

class FaultyDisk final : public queue::FileSystem {
 public:
  /// Errors of these calls from now on; 0: none.
  std::atomic<int> write_error{0};
  std::atomic<int> sync_error{0};
  std::atomic<int> create_error{0};
  /// For new files; those that are removed give theirs back.
  std::atomic<std::uint64_t> bytes_free{std::uint64_t{1} << 50};

  std::unique_ptr<queue::File> open(const std::string& path, Open how, std::error_code& error) override {
    if (how == Open::create_new && create_error != 0) {
      error = error_of(create_error);
      return nullptr;
    }
    auto file = real_->open(path, how, error);
    return file ? std::make_unique<FaultyFile>(*this, std::move(file)) : nullptr;
  }
  std::error_code rename(const std::string& from, const std::string& to) override { return real_->rename(from, to); }
  std::error_code remove(const std::string& path) override {
    std::error_code unknown;
    const std::uintmax_t bytes = std::filesystem::file_size(path, unknown);
    const std::error_code error = real_->remove(path);
    if (!error && !unknown) bytes_free += bytes;
    return error;
  }
  std::error_code list(const std::string& directory, std::vector<queue::FileEntry>& entries) override {
    return real_->list(directory, entries);
  }
  std::error_code sync_directory(const std::string& directory) override { return real_->sync_directory(directory); }
  std::error_code make_directory(const std::string& directory) override { return real_->make_directory(directory); }
  std::unique_ptr<queue::DirectoryLock> lock(const std::string& directory, std::string& holder,
                                             std::error_code& error) override {
    return real_->lock(directory, holder, error);
  }

 private:
  static std::error_code error_of(int number) { return {number, std::generic_category()}; }

  class FaultyFile final : public queue::File {
   public:
    FaultyFile(FaultyDisk& disk, std::unique_ptr<queue::File> real) : disk_(disk), real_(std::move(real)) {}

    std::error_code write(std::uint64_t offset, std::span<iovec> pieces) override {
      return disk_.write_error != 0 ? error_of(disk_.write_error) : real_->write(offset, pieces);
    }
    std::error_code sync() override { return disk_.sync_error != 0 ? error_of(disk_.sync_error) : real_->sync(); }
    std::error_code read(std::uint64_t offset, std::span<char> out, std::size_t& bytes_read) override {
      return real_->read(offset, out, bytes_read);
    }
    std::error_code allocate(std::uint64_t bytes) override {
      if (bytes > disk_.bytes_free) return error_of(ENOSPC);
      disk_.bytes_free -= bytes;
      return real_->allocate(bytes);
    }
    std::error_code truncate(std::uint64_t bytes) override { return real_->truncate(bytes); }

   private:
    FaultyDisk& disk_;
    std::unique_ptr<queue::File> real_;
  };

  std::unique_ptr<queue::FileSystem> real_ = queue::make_posix_file_system();
};

}  // namespace logdist::test
