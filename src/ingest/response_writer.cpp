#include "ingest/response_writer.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>

#include <fmt/format.h>
#include <boost/beast/http/status.hpp>
#include <nlohmann/json.hpp>

namespace logdist::ingest {
namespace {

std::string_view reason_of(unsigned status) {
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {reason.data(), reason.size()};
}

template <typename Number>
void append_number(std::string& out, Number number) {
  char digits[20];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), number);
  out.append(digits, end);
}

bool needs_escape(char byte) { return byte == '"' || byte == '\\'; }

std::size_t digits_of(std::uint32_t number) {
  std::size_t digits = 1;
  for (; number >= 10; number /= 10) ++digits;
  return digits;
}

}  // namespace

void ResponseWriter::accepted(std::string& out, unsigned status, std::string_view id, std::uint32_t messages,
                              Persistence persistence) {
  static constexpr std::string_view before_id = R"({"packet_id":")";
  static constexpr std::string_view after_id = R"(","messages":)";
  const auto escapes = static_cast<std::size_t>(std::count_if(id.begin(), id.end(), needs_escape));
  begin(out, status, "application/json",
        before_id.size() + id.size() + escapes + after_id.size() + digits_of(messages) + 1);
  end(out, persistence);
  out += before_id;
  if (escapes == 0) {
    out += id;
  } else {
    for (const char byte : id) {
      if (needs_escape(byte)) out += '\\';
      out += byte;
    }
  }
  out += after_id;
  append_number(out, messages);
  out += '}';
}

void ResponseWriter::problem(std::string& out, const Problem& problem, Persistence persistence) {
  nlohmann::ordered_json body{{"type", "about:blank"},
                              {"title", reason_of(problem.status)},
                              {"status", problem.status},
                              {"detail", problem.detail}};
  if (problem.offset) {
    body["detail"] = fmt::format("{}, at byte {}", problem.detail, *problem.offset);
    body["offset"] = *problem.offset;
  }
  // The detail may quote what the agent sent, which need not be UTF-8.
  const std::string text = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  begin(out, problem.status, "application/problem+json", text.size());
  if (problem.status == 405) out.append("Allow: ").append(problem.allow).append("\r\n");
  if (!problem.accept_encoding.empty()) {
    out.append("Accept-Encoding: ").append(problem.accept_encoding).append("\r\n");
  }
  if (problem.status == 503) {
    out += "Retry-After: ";
    append_number(out, problem.retry_after.count());
    out += "\r\n";
  }
  end(out, persistence);
  if (!problem.body_omitted) out += text;
}

void ResponseWriter::alive(std::string& out, bool body_omitted, Persistence persistence) {
  static constexpr std::string_view body = "alive\n";
  begin(out, 200, "text/plain; charset=utf-8", body.size());
  end(out, persistence);
  if (!body_omitted) out += body;
}

void ResponseWriter::options(std::string& out, Persistence persistence) {
  begin(out, 200, "text/plain; charset=utf-8", 0);
  out += "Allow: GET, HEAD, POST, OPTIONS\r\n";
  end(out, persistence);
}

void ResponseWriter::proceed(std::string& out) { out += "HTTP/1.1 100 Continue\r\n\r\n"; }

void ResponseWriter::begin(std::string& out, unsigned status, std::string_view content_type,
                           std::size_t content_length) {
  out += "HTTP/1.1 ";
  append_number(out, status);
  out += ' ';
  out += reason_of(status);
  out += "\r\nDate: ";
  out += date_.at(std::time(nullptr));
  out += "\r\nContent-Type: ";
  out += content_type;
  out += "\r\nContent-Length: ";
  append_number(out, content_length);
  out += "\r\n";
}

void ResponseWriter::end(std::string& out, Persistence persistence) {
  switch (persistence) {
    case Persistence::implied: break;
    case Persistence::keep_alive: out += "Connection: keep-alive\r\n"; break;
    case Persistence::close: out += "Connection: close\r\n"; break;
  }
  out += "\r\n";
}

}  // namespace logdist::ingest
