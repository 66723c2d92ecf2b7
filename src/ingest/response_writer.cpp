#include "ingest/response_writer.hpp"

#include <algorithm>
#include <ctime>

#include "logdist/base/append.hpp"

namespace logdist::ingest {
namespace {

/// By what an agent may be known (RFC 9110, 11.6.1).
constexpr std::string_view challenges = R"(Bearer realm="packets", Basic realm="packets", charset="UTF-8")";

bool needs_escape(char byte) { return byte == '"' || byte == '\\'; }

}  // namespace

void ResponseWriter::accepted(std::string& out, unsigned status, std::string_view id, std::uint32_t messages,
                              Persistence persistence) {
  static constexpr std::string_view before_id = R"({"packet_id":")";
  static constexpr std::string_view after_id = R"(","messages":)";
  const auto escapes = static_cast<std::size_t>(std::count_if(id.begin(), id.end(), needs_escape));
  const DecimalText count(messages);
  begin(out, status, "application/json", before_id.size() + id.size() + escapes + after_id.size() + count.size() + 1);
  end(out, persistence);
  if (escapes == 0) return append_all(out, before_id, id, after_id, count, "}");
  out += before_id;
  for (const char byte : id) {
    if (needs_escape(byte)) out += '\\';
    out += byte;
  }
  append_all(out, after_id, count, "}");
}

void ResponseWriter::reply(std::string& out, const Reply& reply, bool body_omitted, Persistence persistence) {
  begin(out, reply);
  end(out, persistence);
  if (!body_omitted) out += reply.body;
}

void ResponseWriter::problem(std::string& out, const Question& question, const Problem& problem, bool body_omitted,
                             Persistence persistence) {
  const Reply reply = problem_reply(question, problem);
  begin(out, reply);
  if (!problem.allow.empty()) out.append("Allow: ").append(problem.allow).append("\r\n");
  if (!problem.accept_encoding.empty()) {
    out.append("Accept-Encoding: ").append(problem.accept_encoding).append("\r\n");
  }
  if (problem.status == 401) append_all(out, "WWW-Authenticate: ", challenges, "\r\n");
  if (problem.status == 503 || problem.status == 429) {
    append_all(out, "Retry-After: ", DecimalText(static_cast<std::uint64_t>(problem.retry_after.count())), "\r\n");
  }
  end(out, persistence);
  if (!body_omitted) out += reply.body;
}

void ResponseWriter::alive(std::string& out, bool body_omitted, Persistence persistence) {
  static constexpr std::string_view body = "alive\n";
  begin(out, 200, "text/plain; charset=utf-8", body.size());
  end(out, persistence);
  if (!body_omitted) out += body;
}

void ResponseWriter::options(std::string& out, Methods allow, Persistence persistence) {
  begin(out, 200, "text/plain; charset=utf-8", 0);
  out.append("Allow: ").append(allow_text(allow, true)).append("\r\n");
  end(out, persistence);
}

void ResponseWriter::proceed(std::string& out) { out += "HTTP/1.1 100 Continue\r\n\r\n"; }

void ResponseWriter::begin_status(std::string& out, unsigned status) {
  append_all(out, "HTTP/1.1 ", DecimalText(status), " ", reason_phrase(status),
             "\r\nDate: ", date_.at(std::time(nullptr)), "\r\n");
}

void ResponseWriter::begin(std::string& out, unsigned status, std::string_view content_type,
                           std::size_t content_length) {
  begin_status(out, status);
  if (!content_type.empty()) append_all(out, "Content-Type: ", content_type, "\r\n");
  append_all(out, "Content-Length: ", DecimalText(content_length), "\r\n");
}

/// A 204 has neither a body nor the length of one (RFC 9110, 8.6).
void ResponseWriter::begin(std::string& out, const Reply& reply) {
  if (reply.status == 204) {
    begin_status(out, reply.status);
  } else {
    begin(out, reply.status, reply.content_type, reply.body.size());
  }
  out += reply.headers;
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
