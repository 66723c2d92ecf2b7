// Deadlines of thousands of connections on one timer.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/intrusive/set.hpp>

#include "logdist/base/time.hpp"

namespace logdist::ingest {

/// One thing that expires. Belongs to one DeadlineSet.
class Deadline : public boost::intrusive::set_base_hook<> {
 public:
  virtual ~Deadline() = default;

  /// When it expires; `never` if it does not.
  TimePoint at() const { return at_; }

 protected:
  Deadline() = default;
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// Called when it expires; at() is `never` again. May set it again, or remove others.
  virtual void expired(TimePoint now) = 0;

 private:
  friend class DeadlineSet;
  friend bool operator<(const Deadline& left, const Deadline& right) { return left.filed_at_ < right.filed_at_; }

  TimePoint at_ = never;
  TimePoint filed_at_ = never;  ///< never later than at_ while filed
};

/// Deadlines of thousands of connections on one timer. They expire up to `precision`
/// late, never early.
///
/// A connection's deadline moves with every request, nearly always to a later time. So
/// moving it later only stores the new time: the entry stays in the order under the old
/// one, and is moved when that comes and turns out to be too early.
///
/// Confined to its loop; the timer runs only while there is an entry. Destroy it after
/// its entries, and after the loop has stopped.
class DeadlineSet {
 public:
  static constexpr Duration precision = std::chrono::milliseconds(100);

  explicit DeadlineSet(boost::asio::io_context& loop);
  ~DeadlineSet();
  DeadlineSet(const DeadlineSet&) = delete;
  DeadlineSet& operator=(const DeadlineSet&) = delete;

  /// `deadline` expires at `at` instead of before. Two stores when `at` is later.
  void set(Deadline& deadline, TimePoint at) {
    deadline.at_ = at;
    if (at < deadline.filed_at_) file(deadline);
  }

  /// Takes the entry out, before it is destroyed.
  void remove(Deadline& deadline);

 private:
  using Timer =
      boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, boost::asio::io_context::executor_type>;

  void file(Deadline& deadline);
  void arm();
  void fire(TimePoint now);

  Timer timer_;
  TimePoint armed_for_ = never;
  boost::intrusive::multiset<Deadline> filed_;  ///< by filed_at_
};

}  // namespace logdist::ingest
