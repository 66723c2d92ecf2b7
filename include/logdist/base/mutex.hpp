// A mutex, and annotations by which clang checks what it guards (-Wthread-safety).
//
// Source: https://clang.llvm.org/docs/ThreadSafetyAnalysis.html. Other compilers see nothing of it.
#pragma once

#include <mutex>

#if defined(__clang__)
#define LOGDIST_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define LOGDIST_THREAD_SAFETY(attribute)
#endif

/// On a member: it is read and written only while `mutex` is held.
#define LOGDIST_GUARDED_BY(mutex) LOGDIST_THREAD_SAFETY(guarded_by(mutex))
/// On a function: its caller holds `mutex`.
#define LOGDIST_REQUIRES(mutex) LOGDIST_THREAD_SAFETY(requires_capability(mutex))

namespace logdist {

/// std::mutex, known to the analysis.
class LOGDIST_THREAD_SAFETY(capability("mutex")) Mutex {
 public:
  void lock() LOGDIST_THREAD_SAFETY(acquire_capability()) { mutex_.lock(); }
  void unlock() LOGDIST_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }
  /// Tells the analysis what it cannot see: the caller's object holds it as long as it lives.
  void is_held() const LOGDIST_THREAD_SAFETY(assert_capability(this)) {}

 private:
  std::mutex mutex_;
};

/// Holds a Mutex, but for the time between unlock() and lock(). A std::condition_variable_any waits with it:
/// in a loop, since the analysis does not follow a lock into a predicate.
class LOGDIST_THREAD_SAFETY(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) LOGDIST_THREAD_SAFETY(acquire_capability(mutex)) : lock_(mutex) {}
  ~MutexLock() LOGDIST_THREAD_SAFETY(release_capability()) {}
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void lock() LOGDIST_THREAD_SAFETY(acquire_capability()) { lock_.lock(); }
  void unlock() LOGDIST_THREAD_SAFETY(release_capability()) { lock_.unlock(); }

 private:
  std::unique_lock<Mutex> lock_;
};

}  // namespace logdist
