// The parts of a log, as its readers see them, too.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "logdist/queue/disk/durable_log.hpp"
#include "queue/disk/committer.hpp"
#include "queue/disk/intake.hpp"

namespace logdist::queue {

class DurableLog::Impl {
 public:
  Impl(const DurableLogOptions& the_options, FileSystem& the_files, DurableLogListener& the_listener)
      : options(the_options), files(the_files), listener(the_listener), intake(the_options) {}
  ~Impl() { end_thread(); }

  void run_thread();
  void end_thread();

  const DurableLogOptions options;
  FileSystem& files;
  DurableLogListener& listener;
  std::unique_ptr<DirectoryLock> lock;
  Intake intake;
  LogShared shared;
  LogRecovery recovery;
  std::unique_ptr<Committer> committer;
  std::thread thread;
};

}  // namespace logdist::queue
