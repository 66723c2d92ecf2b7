// Names that are found, or not, as and when the test says.
#pragma once

#include <condition_variable>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/error.hpp>

#include "logdist/net/name_resolver.hpp"

namespace logdist::net {

/// Thread-safe. What look-ups need of it outlives it.
class ScriptedNames {
  struct Name {
    Addresses addresses;
    std::size_t asked = 0;
    bool silent = false;
  };
  struct Book {
    Addresses look_up(const std::string& host, boost::system::error_code& error) {
      std::unique_lock lock(mutex);
      Name& name = names[host];
      ++name.asked;
      changed.notify_all();
      changed.wait(lock, [&] { return !name.silent; });
      if (name.addresses.empty()) error = boost::asio::error::host_not_found;
      return name.addresses;
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, Name> names;
  };

 public:
  Lookup lookup() {
    return [book = book_](const std::string& host, boost::system::error_code& error) {
      return book->look_up(host, error);
    };
  }

  /// Names without addresses are not found.
  void set(const std::string& host, const std::vector<std::string>& addresses) {
    const std::lock_guard lock(book_->mutex);
    book_->names[host].addresses.clear();
    for (const std::string& text : addresses) {
      book_->names[host].addresses.push_back(boost::asio::ip::make_address(text));
    }
  }

  /// Look-ups of `host` so far.
  std::size_t asked(const std::string& host) {
    const std::lock_guard lock(book_->mutex);
    return book_->names[host].asked;
  }

  /// False if so many look-ups have not begun within a time that only a fault can reach.
  bool wait_until_asked(const std::string& host, std::size_t times) {
    std::unique_lock lock(book_->mutex);
    return book_->changed.wait_for(lock, std::chrono::seconds(30), [&] { return book_->names[host].asked >= times; });
  }

  /// As long as it lives, the name server of `host` is silent.
  class Silence {
   public:
    Silence(ScriptedNames& names, std::string host) : book_(names.book_), host_(std::move(host)) { set(true); }
    ~Silence() { set(false); }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;

   private:
    void set(bool silent) {
      const std::lock_guard lock(book_->mutex);
      book_->names[host_].silent = silent;
      book_->changed.notify_all();
    }

    const std::shared_ptr<Book> book_;
    const std::string host_;
  };

 private:
  const std::shared_ptr<Book> book_ = std::make_shared<Book>();
};

/// What one asker of a NameResolver was told.
class NameAnswer {
 public:
  using Told = std::pair<boost::system::error_code, Addresses>;

  NameResolver::Handler handler() {
    return [promise = promise_](const boost::system::error_code& error, const Addresses& addresses) {
      promise->set_value({error, addresses});
    };
  }
  bool told() const { return future_.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }
  /// Waits for it; timed_out after a time that only a fault can reach.
  Told get() {
    if (future_.wait_for(std::chrono::seconds(30)) == std::future_status::ready) return future_.get();
    return {boost::asio::error::timed_out, {}};
  }

 private:
  const std::shared_ptr<std::promise<Told>> promise_ = std::make_shared<std::promise<Told>>();
  std::future<Told> future_ = promise_->get_future();
};

}  // namespace logdist::net
