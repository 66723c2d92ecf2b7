#include "logdist/telemetry/in_words.hpp"

#include <chrono>

#include <fmt/format.h>
#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>

#include "logdist/config/text.hpp"

namespace logdist::telemetry {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

std::string connect_error_in_words(const boost::system::error_code& error, const std::string& host) {
  if (error == asio::error::host_not_found_try_again) return "no name server answers for " + host;
  if (error.category() == asio::error::get_netdb_category() ||
      error.category() == asio::error::get_addrinfo_category()) {
    return "name does not resolve: " + host;
  }
  return error ? error.message() : "no connection";
}

}  // namespace

std::string in_words(Duration duration) {
  const auto milliseconds = std::chrono::round<std::chrono::milliseconds>(duration);
  if (milliseconds == std::chrono::milliseconds::zero()) return "<1ms";
  if (milliseconds < std::chrono::seconds(1)) return fmt::format("{}ms", milliseconds.count());
  const auto seconds = std::chrono::round<std::chrono::seconds>(duration).count();
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
}

std::string in_words(const core::Failure& failure, const std::string& host, Duration limit) {
  const boost::system::error_code& error = failure.error;
  switch (failure.outcome) {
    case Outcome::http_error: return fmt::format("answered {}", failure.status);
    case Outcome::timeout: return "no answer within " + config::format_duration(limit);
    case Outcome::connect_error: return connect_error_in_words(error, host);
    case Outcome::protocol_error: return error ? "broken HTTP: " + error.message() : "broken HTTP";
    case Outcome::connection_broken:
      if (error == asio::error::eof || error == http::error::end_of_stream)
        return "connection closed without an answer";
      if (error == http::error::partial_message) return "connection closed within an answer";
      return error ? error.message() : "connection broken";
    case Outcome::delivered:
    case Outcome::refused:
    case Outcome::paused:
    case Outcome::unsent: break;
  }
  return to_string(failure.outcome);
}

std::string in_words(const health::Ejection& ejection) {
  if (ejection.reason == health::Ejection::Reason::latency) {
    return fmt::format("takes {:.1f} ms per packet, the others {:.1f} ms", ejection.value * 1e3, ejection.others * 1e3);
  }
  return fmt::format("took {:.1f} % of its packets, the others {:.1f} %", ejection.value * 100, ejection.others * 100);
}

}  // namespace logdist::telemetry
