// What the connections of one reference analyzer share, and who accepts them.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <unordered_set>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/base/mutex.hpp"
#include "logdist/base/random.hpp"
#include "logdist/codec/decode.hpp"
#include "logdist/core/buffer.hpp"
#include "logdist/tools/analyzer/reference_analyzer.hpp"
#include "tools/analyzer/analyzer_tally.hpp"

namespace logdist::tools {

class AnalyzerSession;

/// Confined to the io_context's thread, but for behaviour(), behave() and the
/// tally's readers. Its coroutines and sessions keep it alive.
class AnalyzerServer : public std::enable_shared_from_this<AnalyzerServer> {
 public:
  AnalyzerServer(boost::asio::io_context& io, ReferenceAnalyzerOptions options);

  boost::system::error_code listen();
  void stop();
  boost::asio::ip::tcp::endpoint endpoint() const { return endpoint_; }

  AnalyzerBehaviour behaviour() const;
  void behave(const AnalyzerBehaviour& behaviour);
  AnalyzerTally& tally() { return tally_; }

  /// The status a packet is answered with now.
  unsigned draw_status(const AnalyzerBehaviour& behaviour);
  /// The messages of a body that came without their count.
  codec::DecodeResult decode(codec::Format format, std::string_view body);

  /// Sessions tell when they begin and end, so that stop() finds them.
  void enter(AnalyzerSession& session) { sessions_.insert(&session); }
  void leave(AnalyzerSession& session) { sessions_.erase(&session); }

 private:
  static boost::asio::awaitable<void> accept(std::shared_ptr<AnalyzerServer> self);

  boost::asio::io_context& io_;
  const ReferenceAnalyzerOptions options_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer accept_pause_;
  boost::asio::ip::tcp::endpoint endpoint_;
  std::unordered_set<AnalyzerSession*> sessions_;
  AnalyzerTally tally_{ReferenceAnalyzer::max_ids};
  Random random_;
  core::BufferPool buffers_;
  codec::Decoder decoder_;

  mutable Mutex mutex_;
  AnalyzerBehaviour behaviour_ LOGDIST_GUARDED_BY(mutex_);
};

}  // namespace logdist::tools
