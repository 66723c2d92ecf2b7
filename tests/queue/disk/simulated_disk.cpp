#include "tests/queue/disk/simulated_disk.hpp"

#include <algorithm>
#include <utility>

namespace logdist::test {
namespace {

std::error_code error_of(std::errc code) { return std::make_error_code(code); }

class SimulatedLock final : public queue::DirectoryLock {
 public:
  explicit SimulatedLock(bool& locked) : locked_(locked) { locked_ = true; }
  ~SimulatedLock() override { locked_ = false; }

 private:
  bool& locked_;
};

}  // namespace

class SimulatedFile final : public queue::File {
 public:
  SimulatedFile(SimulatedDisk& disk, std::shared_ptr<SimulatedDisk::Inode> inode)
      : disk_(disk), inode_(std::move(inode)), life_(disk.life_) {}

  std::error_code write(std::uint64_t offset, std::span<iovec> pieces) override {
    if (life_ != disk_.life_) return error_of(std::errc::io_error);
    if (!disk_.call()) return error_of(std::errc::io_error);
    std::string bytes;
    for (const iovec& piece : pieces) bytes.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    std::error_code error;
    if (disk_.read_only) error = error_of(std::errc::read_only_file_system);
    if (!error && disk_.draw(disk_.faults.write_ppm)) error = error_of(std::errc::io_error);
    const std::uint64_t growth =
        offset + bytes.size() > inode_->cache.size() ? offset + bytes.size() - inode_->cache.size() : 0;
    if (!error && growth > 0 && disk_.used_bytes() + growth > disk_.capacity)
      error = error_of(std::errc::no_space_on_device);
    if (error) bytes.resize(disk_.random_.below(bytes.size() + 1));
    put(offset, bytes);
    return error;
  }

  std::error_code sync() override {
    if (life_ != disk_.life_) return error_of(std::errc::io_error);
    if (!disk_.call()) return error_of(std::errc::io_error);
    if (disk_.read_only || disk_.draw(disk_.faults.sync_ppm)) {
      ++disk_.failed_syncs_;
      // The kernel marks the pages clean: what it did not write by now, it never will.
      disk_.keep_part(*inode_);
      inode_->dirty.clear();
      return error_of(std::errc::io_error);
    }
    ++disk_.syncs_;
    inode_->stable.resize(inode_->cache.size(), '\0');
    for (const std::size_t sector : inode_->dirty) disk_.make_stable(*inode_, sector, SimulatedDisk::sector_bytes);
    inode_->dirty.clear();
    return {};
  }

  std::error_code read(std::uint64_t offset, std::span<char> out, std::size_t& bytes_read) override {
    if (!disk_.call()) return error_of(std::errc::io_error);
    bytes_read = 0;
    if (offset >= inode_->cache.size()) return {};
    bytes_read = std::min<std::size_t>(out.size(), inode_->cache.size() - offset);
    std::copy_n(inode_->cache.begin() + static_cast<std::ptrdiff_t>(offset), bytes_read, out.begin());
    return {};
  }

  std::error_code allocate(std::uint64_t bytes) override {
    if (life_ != disk_.life_) return error_of(std::errc::io_error);
    if (!disk_.call()) return error_of(std::errc::io_error);
    if (disk_.read_only) return error_of(std::errc::read_only_file_system);
    if (disk_.used_bytes() + bytes > disk_.capacity + inode_->cache.size())
      return error_of(std::errc::no_space_on_device);
    if (bytes > inode_->cache.size()) inode_->cache.resize(bytes, '\0');
    return {};
  }

  std::error_code truncate(std::uint64_t bytes) override {
    if (life_ != disk_.life_) return error_of(std::errc::io_error);
    if (!disk_.call()) return error_of(std::errc::io_error);
    inode_->cache.resize(bytes, '\0');
    return {};
  }

 private:
  void put(std::uint64_t offset, const std::string& bytes) {
    if (bytes.empty()) return;
    if (inode_->cache.size() < offset + bytes.size()) inode_->cache.resize(offset + bytes.size(), '\0');
    inode_->cache.replace(offset, bytes.size(), bytes);
    for (std::size_t sector = offset / SimulatedDisk::sector_bytes;
         sector <= (offset + bytes.size() - 1) / SimulatedDisk::sector_bytes; ++sector) {
      inode_->dirty.insert(sector);
    }
  }

  SimulatedDisk& disk_;
  std::shared_ptr<SimulatedDisk::Inode> inode_;
  std::uint64_t life_;
};

bool SimulatedDisk::call() {
  if (buried_) return false;
  if (observed_) return true;
  if (dead_) throw SimulatedCrash{};
  if (calls_until_crash_ > 0 && --calls_until_crash_ == 0) crash();
  return true;
}

void SimulatedDisk::crash() {
  dead_ = true;
  throw SimulatedCrash{};
}

void SimulatedDisk::reached(queue::CrashPoint point) {
  if (buried_) return;
  PointCount& count = points_[static_cast<std::size_t>(point)];
  ++count.reached;
  if (crash_point_ == point && --point_left_ == 0) {
    ++count.crashed;
    crash_point_.reset();
    crash();
  }
}

std::uint64_t SimulatedDisk::used_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [path, inode] : names_) bytes += inode->cache.size();
  return bytes;
}

void SimulatedDisk::make_stable(Inode& inode, std::size_t sector, std::size_t bytes) {
  const std::size_t begin = sector * sector_bytes;
  const std::size_t end = std::min(begin + bytes, inode.cache.size());
  if (begin >= end) return;
  if (inode.stable.size() < end) inode.stable.resize(end, '\0');
  inode.stable.replace(begin, end - begin, inode.cache, begin, end - begin);
}

/// Any of the dirty sectors, each whole, in part or not at all.
void SimulatedDisk::keep_part(Inode& inode) {
  const std::uint64_t mood = random_.below(4);  // nothing, everything, or some
  for (const std::size_t sector : inode.dirty) {
    if (mood == 0) break;
    if (mood == 1 || random_.below(2) == 0)
      make_stable(inode, sector, sector_bytes);
    else if (random_.below(8) == 0)
      make_stable(inode, sector, random_.below(sector_bytes));
  }
}

void SimulatedDisk::restart(bool power_cut) {
  ++life_;
  dead_ = false;
  buried_ = false;
  locked_ = false;
  crash_never();
  if (!power_cut) return;
  std::map<std::string, Name> found = stable_names_;
  for (auto& [path, versions] : changes_) {
    const std::uint64_t chosen = random_.below(versions.size() + 1);
    if (chosen > 0) found[path] = versions[chosen - 1];
  }
  std::erase_if(found, [](const auto& name) { return name.second == nullptr; });
  names_ = stable_names_ = std::move(found);
  changes_.clear();
  std::set<Inode*> done;
  for (const auto& [path, inode] : names_) {
    if (!done.insert(inode.get()).second) continue;
    keep_part(*inode);
    // A length that was not synced may be found, or not.
    if (inode->stable.size() < inode->cache.size() && random_.below(2) == 0)
      inode->stable.resize(inode->cache.size(), '\0');
    inode->cache = inode->stable;
    inode->dirty.clear();
  }
}

std::size_t SimulatedDisk::flip_bits(std::size_t count) {
  std::vector<Inode*> candidates;
  for (const auto& [path, inode] : names_) {
    if (path.ends_with(".log") && !inode->stable.empty() && inode->dirty.empty()) candidates.push_back(inode.get());
  }
  std::size_t flipped = 0;
  for (; flipped < count && !candidates.empty(); ++flipped) {
    Inode& inode = *candidates[random_.below(candidates.size())];
    const std::size_t at = random_.below(std::min(inode.stable.size(), inode.cache.size()));
    inode.stable[at] = static_cast<char>(inode.stable[at] ^ (1 << random_.below(8)));
    inode.cache[at] = inode.stable[at];
  }
  return flipped;
}

std::string* SimulatedDisk::content(const std::string& path) {
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : &found->second->cache;
}

void SimulatedDisk::put(const std::string& path, const std::string& bytes) {
  auto inode = std::make_shared<Inode>();
  inode->cache = inode->stable = bytes;
  names_[path] = stable_names_[path] = std::move(inode);
}

std::vector<std::string> SimulatedDisk::paths() const {
  std::vector<std::string> paths;
  for (const auto& [path, inode] : names_) paths.push_back(path);
  return paths;
}

void SimulatedDisk::set_name(const std::string& path, Name inode) {
  changes_[path].push_back(inode);
  if (inode) {
    names_[path] = std::move(inode);
  } else {
    names_.erase(path);
  }
}

std::unique_ptr<queue::File> SimulatedDisk::open(const std::string& path, Open how, std::error_code& error) {
  if (!call()) {
    error = error_of(std::errc::io_error);
    return nullptr;
  }
  error.clear();
  const auto found = names_.find(path);
  if (how != Open::create_new) {
    if (found == names_.end()) error = error_of(std::errc::no_such_file_or_directory);
    return error ? nullptr : std::make_unique<SimulatedFile>(*this, found->second);
  }
  if (found != names_.end()) error = error_of(std::errc::file_exists);
  if (!error && read_only) error = error_of(std::errc::read_only_file_system);
  if (!error && draw(faults.write_ppm)) error = error_of(std::errc::io_error);
  if (error) return nullptr;
  set_name(path, std::make_shared<Inode>());
  return std::make_unique<SimulatedFile>(*this, names_[path]);
}

std::error_code SimulatedDisk::rename(const std::string& from, const std::string& to) {
  if (!call()) return error_of(std::errc::io_error);
  const auto found = names_.find(from);
  if (found == names_.end()) return error_of(std::errc::no_such_file_or_directory);
  if (read_only || draw(faults.remove_ppm)) return error_of(std::errc::io_error);
  const Name inode = found->second;
  set_name(to, inode);
  set_name(from, nullptr);
  return {};
}

std::error_code SimulatedDisk::remove(const std::string& path) {
  if (!call()) return error_of(std::errc::io_error);
  if (!names_.contains(path)) return error_of(std::errc::no_such_file_or_directory);
  if (read_only || draw(faults.remove_ppm)) return error_of(std::errc::io_error);
  set_name(path, nullptr);
  return {};
}

std::error_code SimulatedDisk::list(const std::string& directory, std::vector<queue::FileEntry>& entries) {
  if (!call()) return error_of(std::errc::io_error);
  for (const auto& [path, inode] : names_) {
    if (path.starts_with(directory + "/")) entries.push_back({path.substr(directory.size() + 1), inode->cache.size()});
  }
  return {};
}

std::error_code SimulatedDisk::sync_directory(const std::string&) {
  if (!call()) return error_of(std::errc::io_error);
  if (read_only || draw(faults.sync_ppm)) return error_of(std::errc::io_error);
  stable_names_ = names_;
  changes_.clear();
  return {};
}

std::error_code SimulatedDisk::make_directory(const std::string&) {
  if (!call()) return error_of(std::errc::io_error);
  return {};
}

std::unique_ptr<queue::DirectoryLock> SimulatedDisk::lock(const std::string&, std::string& holder,
                                                          std::error_code& error) {
  if (!call()) {
    error = error_of(std::errc::io_error);
    return nullptr;
  }
  if (locked_) {
    holder = "1";
    error = error_of(std::errc::resource_unavailable_try_again);
    return nullptr;
  }
  error.clear();
  return std::make_unique<SimulatedLock>(locked_);
}

}  // namespace logdist::test
