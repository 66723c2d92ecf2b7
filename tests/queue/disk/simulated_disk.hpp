// A disk that fails in every way a real one does, from a seed.
//
// What was not synced is lost, kept or torn at any byte when the power goes, 512 bytes at a time and in any order;
// names that the directory was not synced for appear, stay away, or come back. Writes and syncs fail when they are
// asked to; a failed sync has kept any part and has forgotten the rest for good, while reads go on showing it. It
// fills up at a bound, and flips bits of what was synced. A crash is an exception, at the n-th call of anything, or
// at a named point.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "logdist/base/random.hpp"
#include "logdist/queue/disk/files/file_system.hpp"

namespace logdist::test {

/// The process has been killed, or the power is gone.
struct SimulatedCrash {};

class SimulatedDisk final : public queue::FileSystem {
 public:
  explicit SimulatedDisk(std::uint64_t seed) : random_(seed) {}

  /// Faults from now on, in millionths a call.
  struct Faults {
    std::uint32_t write_ppm = 0;
    std::uint32_t sync_ppm = 0;
    std::uint32_t remove_ppm = 0;
  };
  Faults faults;
  std::uint64_t capacity = std::uint64_t{1} << 40;
  bool read_only = false;

  /// Throws SimulatedCrash at the n-th call from now, or at the n-th time that the point is reached.
  void crash_after(std::uint64_t calls) { calls_until_crash_ = calls; }
  void crash_at(queue::CrashPoint point, unsigned nth) {
    crash_point_ = point;
    point_left_ = nth;
  }
  void crash_never() {
    calls_until_crash_ = 0;
    crash_point_.reset();
  }

  /// While `on`, somebody else reads: nothing crashes.
  void observe(bool on) { observed_ = on; }
  /// What is left of a process that has crashed does nothing any more: its calls fail and change nothing, so that its
  /// objects can be destroyed. Until restart().
  void bury() { buried_ = true; }
  /// After a crash: what a restart finds. A kill keeps all that was written, a power cut what the head says.
  void restart(bool power_cut);
  /// Flips so many bits of synced bytes of the segments; the number of those flipped.
  std::size_t flip_bits(std::size_t count);

  struct PointCount {
    std::uint64_t reached = 0;
    std::uint64_t crashed = 0;
  };
  const std::array<PointCount, queue::crash_point_names.size()>& points() const { return points_; }
  std::uint64_t syncs() const { return syncs_; }
  std::uint64_t failed_syncs() const { return failed_syncs_; }
  /// Bytes of a file, as a program reads it.
  std::string* content(const std::string& path);
  void put(const std::string& path, const std::string& bytes);
  std::vector<std::string> paths() const;

  std::unique_ptr<queue::File> open(const std::string& path, Open how, std::error_code& error) override;
  std::error_code rename(const std::string& from, const std::string& to) override;
  std::error_code remove(const std::string& path) override;
  std::error_code list(const std::string& directory, std::vector<queue::FileEntry>& entries) override;
  std::error_code sync_directory(const std::string& directory) override;
  std::error_code make_directory(const std::string& directory) override;
  std::unique_ptr<queue::DirectoryLock> lock(const std::string& directory, std::string& holder,
                                             std::error_code& error) override;
  void reached(queue::CrashPoint point) override;

 private:
  friend class SimulatedFile;

  static constexpr std::size_t sector_bytes = 512;

  struct Inode {
    std::string cache;            ///< what is read
    std::string stable;           ///< what survives
    std::set<std::size_t> dirty;  ///< sectors that a sync would make stable
  };
  using Name = std::shared_ptr<Inode>;  ///< null: there is no such file

  /// Each call of the file system: may be the one that crashes. False: by a process that is no more.
  bool call();
  void crash();
  bool draw(std::uint32_t ppm) { return ppm > 0 && random_.below(1'000'000) < ppm; }
  std::uint64_t used_bytes() const;
  void set_name(const std::string& path, Name inode);
  void keep_part(Inode& inode);
  void make_stable(Inode& inode, std::size_t sector, std::size_t bytes);

  Random random_;
  std::map<std::string, Name> names_;                 ///< as a program sees them
  std::map<std::string, Name> stable_names_;          ///< as of the directory's last sync
  std::map<std::string, std::vector<Name>> changes_;  ///< of names since then: any of these may be found
  std::uint64_t calls_until_crash_ = 0;
  std::optional<queue::CrashPoint> crash_point_;
  unsigned point_left_ = 0;
  std::array<PointCount, queue::crash_point_names.size()> points_{};
  std::uint64_t syncs_ = 0;
  std::uint64_t failed_syncs_ = 0;
  std::uint64_t life_ = 0;  ///< counts crashes: handles of an earlier life do nothing
  bool dead_ = false;
  bool buried_ = false;
  bool observed_ = false;
  bool locked_ = false;
};

}  // namespace logdist::test
