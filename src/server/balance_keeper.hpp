// What the analyzers are owed, and what the operator has set, over restarts.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/queue/log/balance_figures.hpp"
#include "logdist/server/shared_state.hpp"
#include "logdist/storage/balance_file.hpp"

namespace logdist::server {

/// Restores deficits, debts, the operator's weights and drains at the start, from the durable queue's log or from
/// balance.state_file, whichever is newer; then keeps both up to date: the log every second, whose settlements carry
/// on from there, and the file every five. Control thread.
class BalanceKeeper {
 public:
  BalanceKeeper(boost::asio::io_context& control, SharedState& shared) : shared_(shared), timer_(control) {}

  /// Before the first packet, and after the durable queue was opened.
  void restore();
  void start();
  /// Something that an operator has set: kept at once.
  void changed();
  /// All packets are settled, or left to the next start: the last state.
  void finish();

 private:
  static constexpr Duration look_interval = std::chrono::seconds(1);
  static constexpr unsigned looks_per_write = 5;

  struct CannotKeep {
    std::string path;
    std::string cause;
  };

  void open_file();
  std::optional<queue::BalanceFigures> read_file() const;
  void use(const queue::BalanceFigures& figures, const std::string& source);
  void wait();
  void look();
  void keep(bool to_file);
  void take();

  SharedState& shared_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<queue::FileSystem> files_;
  std::unique_ptr<storage::BalanceFile> file_;  ///< null: it is not kept
  std::optional<CannotKeep> cannot_keep_;       ///< told once the daemon has started
  queue::BalanceFigures kept_;                  ///< the last that differed from the one before
  bool is_written_ = false;                     ///< `kept_` to the file
  unsigned looks_ = 0;
};

}  // namespace logdist::server
