#include "logdist/net/name_resolver.hpp"
#include "logdist/base/mutex.hpp"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <map>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace logdist::net {

namespace asio = boost::asio;
using boost::system::error_code;

Addresses system_lookup(const std::string& host, error_code& error) {
  asio::io_context context;
  asio::ip::tcp::resolver resolver(context);
  Addresses addresses;
  for (const auto& found : resolver.resolve(host, "", error)) addresses.push_back(found.endpoint().address());
  return addresses;
}

/// What is known of the names, and the threads that find out more. Thread-safe.
class NameResolver::Work : public std::enable_shared_from_this<Work> {
 public:
  explicit Work(Lookup lookup) : lookup_(std::move(lookup)) {}

  std::optional<Addresses> find(const std::string& host, TimePoint now, Handler handler) {
    const MutexLock lock(mutex_);
    if (names_.size() >= names_at_sweep_) sweep(now);
    Name& name = names_[host];
    if (now < name.fresh_until) return name.addresses;
    const bool is_under_way = !name.waiting.empty();
    name.waiting.push_back(std::move(handler));
    if (!is_under_way) wanted_.push_back(host);
    add_thread();
    changed_.notify_one();
    return std::nullopt;
  }

  void forget(const std::string& host) {
    const MutexLock lock(mutex_);
    if (const auto name = names_.find(host); name != names_.end()) name->second.fresh_until = TimePoint::min();
  }

  std::size_t size() {
    const MutexLock lock(mutex_);
    return names_.size();
  }

  /// Threads that look something up are left behind, the others are at their end.
  void end() {
    std::list<Worker> idle;
    {
      const MutexLock lock(mutex_);
      ended_ = true;
      for (auto& [host, name] : names_) name.waiting.clear();
      for (auto next = workers_.begin(); next != workers_.end();) {
        const auto worker = next++;
        if (worker->is_looking_up) {
          worker->thread.detach();  // getaddrinfo cannot be cancelled, and may take its time
        } else {
          idle.splice(idle.end(), workers_, worker);
        }
      }
    }
    changed_.notify_all();
    for (Worker& worker : idle) worker.thread.join();
  }

 private:
  struct Name {
    Addresses addresses;
    TimePoint fresh_until = TimePoint::min();
    std::vector<Handler> waiting;  ///< for the look-up under way; empty when there is none
  };
  struct Worker {
    std::thread thread;
    bool is_looking_up = false;
  };

  /// Drops what is of no use any more: analyzers come and go, and so do their names.
  void sweep(TimePoint now) LOGDIST_REQUIRES(mutex_) {
    std::erase_if(names_,
                  [now](const auto& one) { return one.second.waiting.empty() && one.second.fresh_until <= now; });
    names_at_sweep_ = std::max(names_at_first_sweep, 2 * names_.size());
  }

  /// Unless there are as many as there is use for.
  void add_thread() LOGDIST_REQUIRES(mutex_) {
    if (workers_.size() >= std::min(names_.size(), threads_max)) return;
    Worker& worker = workers_.emplace_back();
    try {
      worker.thread = std::thread([self = shared_from_this(), &worker] { self->run(worker); });
      pthread_setname_np(worker.thread.native_handle(), "resolver");
    } catch (const std::system_error&) {
      // The machine has none to give: those there are do more, or the next find() gets one.
      workers_.pop_back();
    }
  }

  void run(Worker& worker) {
    MutexLock lock(mutex_);
    while (true) {
      while (!ended_ && wanted_.empty()) changed_.wait(lock);
      if (ended_) return;
      const std::string host = std::move(wanted_.front());
      wanted_.pop_front();
      worker.is_looking_up = true;
      lock.unlock();
      error_code error;
      Addresses addresses = look_up(host, error);
      lock.lock();
      worker.is_looking_up = false;
      settle(host, std::move(addresses), error);
    }
  }

  Addresses look_up(const std::string& host, error_code& error) const {
    Addresses addresses = lookup_(host, error);
    if (!error && addresses.empty()) error = asio::error::host_not_found;
    if (error) addresses.clear();
    return addresses;
  }

  /// Calls the handlers within the lock, so that none is called after end().
  void settle(const std::string& host, Addresses addresses, const error_code& error) LOGDIST_REQUIRES(mutex_) {
    Name& name = names_[host];
    name.addresses = std::move(addresses);
    name.fresh_until = error ? TimePoint::min() : Clock::now() + kept_for;
    for (const Handler& handler : std::exchange(name.waiting, {})) handler(error, name.addresses);
  }

  static constexpr std::size_t names_at_first_sweep = 64;

  const Lookup lookup_;

  Mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Name> names_ LOGDIST_GUARDED_BY(mutex_);
  std::size_t names_at_sweep_ LOGDIST_GUARDED_BY(mutex_) = names_at_first_sweep;
  std::deque<std::string> wanted_ LOGDIST_GUARDED_BY(mutex_);  ///< names to be looked up
  std::list<Worker> workers_ LOGDIST_GUARDED_BY(mutex_);       ///< stays put: each thread knows its own
  bool ended_ LOGDIST_GUARDED_BY(mutex_) = false;
};

NameResolver::NameResolver(Lookup lookup) : work_(std::make_shared<Work>(std::move(lookup))) {}

NameResolver::~NameResolver() { work_->end(); }

std::optional<Addresses> NameResolver::find(const std::string& host, TimePoint now, Handler handler) {
  return work_->find(host, now, std::move(handler));
}

void NameResolver::forget(const std::string& host) { work_->forget(host); }

std::size_t NameResolver::size() const { return work_->size(); }

}  // namespace logdist::net
