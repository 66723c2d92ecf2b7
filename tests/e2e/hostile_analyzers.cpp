// Analyzers. Their probes pass, so that they get packets again and again.
#include "tests/e2e/hostile.hpp"

namespace logdist::e2e::analyzers {
namespace {

using namespace std::chrono_literals;
using Then = Manner::Then;
using Table = std::vector<HostileAnalyzer>;

const std::string ok = "HTTP/1.1 200 OK\r\n";
const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
const std::string empty = "Content-Length: 0\r\n\r\n";

/// Answers so, which is no 2xx.
Manner fails(const std::string& answer, Then then = Then::go_on) {
  return {.answer = answer, .then = then, .takes = false};
}

/// A status and fields, and no body.
Manner status(const std::string& code, const std::string& fields = "") {
  return fails("HTTP/1.1 " + code + " Some Reason\r\n" + fields + empty);
}

/// Answers so, which begins with a whole 2xx head: the packet is delivered.
Manner takes(const std::string& answer, Then then = Then::go_on) { return {.answer = answer, .then = then}; }

/// The answer, and then this again and again.
Manner endless(const std::string& answer, const std::string& forever, bool is_taken = false) {
  return {.answer = answer, .forever = forever, .forever_pause = 1ms, .takes = is_taken};
}

Manner greets(const std::string& greeting, Then then = Then::go_on) {
  return {.takes = then == Then::go_on, .greeting = greeting, .greeted = then};
}

void add_statuses(Table& table) {
  const Table rows{
      {"Error500", "answers 500", status("500")},
      {"Error502AndCloses", "answers 502 and closes",
       fails("HTTP/1.1 502 Bad\r\nConnection: close\r\n" + empty, Then::close)},
      {"Forbidden", "answers 403", status("403")},
      {"Unauthorized", "answers 401", status("401", "WWW-Authenticate: Basic\r\n")},
      {"NotFound", "answers 404", status("404")},
      {"RequestTimeout", "answers 408", status("408")},
      {"Misdirected", "answers 421", status("421")},
      {"HeaderTooLarge", "answers 431", status("431")},
      {"RefusesAll", "answers 400: it refuses the packet", status("400")},
      {"TooManyForEver", "answers 429, to come again in 10^9 seconds", status("429", "Retry-After: 1000000000\r\n")},
      {"UnavailableForAMinute", "answers 503, to come again in a minute", status("503", "Retry-After: 60\r\n")},
      {"RetryAfterGarbage", "answers 503 with a Retry-After that is none", status("503", "Retry-After: -1e99\r\n")},
      {"RedirectsToItself", "redirects to itself", status("307", "Location: /analyze\r\n")},
      {"RedirectsElsewhere", "redirects to another host", status("301", "Location: http://127.0.0.1:1/\r\n")},
      {"NotModified", "answers 304", fails("HTTP/1.1 304 Not Modified\r\n\r\n")},
      {"SwitchesProtocols", "answers 101",
       fails("HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")},
      {"OnlyContinue", "answers 100 and no more", fails("HTTP/1.1 100 Continue\r\n\r\n", Then::hold)},
      {"ContinueForever", "answers 100 without end", endless("", "HTTP/1.1 100 Continue\r\n\r\n")},
      {"HintsForever", "sends early hints without end", endless("", "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n")},
      {"Status000", "answers 000", status("000")},
      {"Status999", "answers 999", status("999")},
      {"StatusOfWords", "answers a status of words", status("OK!")},
  };
  table.insert(table.end(), rows.begin(), rows.end());
}

void add_heads(Table& table) {
  const Table rows{
      {"HalfHead", "sends half a head and no more", fails("HTTP/1.1 200 OK\r\nContent-Le", Then::hold)},
      {"HalfHeadAndCloses", "sends half a head and closes", fails("HTTP/1.1 200 OK\r\nContent-Le", Then::close)},
      {"HeadByteByByte", "sends its head byte by byte", {.byte_pause = 100ms, .takes = false}},
      {"EndlessHeader", "sends fields without end", endless(ok, "X-More: " + std::string(1000, 'x') + "\r\n")},
      {"EndlessField", "sends a field without end", endless(ok + "X-More: ", std::string(1000, 'x'))},
      {"EndlessReason", "sends a reason without end", endless("HTTP/1.1 200 ", std::string(1000, 'x'))},
      {"EmptyLines", "sends empty lines without end", endless("", "\r\n\r\n\r\n\r\n")},
      {"NullInTheHead", "sends a head with a zero byte", fails(std::string("HTTP/1.1 200 O\0K\r\n", 18) + empty)},
      {"Http09", "answers without a head, as HTTP/0.9 does", fails("taken\n", Then::close)},
      {"Http2", "answers in HTTP/2", fails(std::string("\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x64", 15), Then::hold)},
      {"Tls", "answers with a TLS alert", fails(std::string("\x15\x03\x01\x00\x02\x02\x46", 7), Then::close)},
      {"Garbage", "answers what is no HTTP", fails(std::string(4096, '\xff') + "\r\n\r\n", Then::close)},
      {"GarbageForever", "answers what is no HTTP without end", endless("", std::string(4096, '\xff'))},
      {"TwoLengths", "answers with two lengths",
       fails(ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", Then::close)},
      {"LengthOfNoNumber", "answers with a length that is no number",
       fails(ok + "Content-Length: x\r\n\r\n", Then::close)},
      {"Http10", "answers in HTTP/1.0 and closes", takes("HTTP/1.0 200 OK\r\n\r\n", Then::close)},
  };
  table.insert(table.end(), rows.begin(), rows.end());
}

void add_bodies(Table& table) {
  const Table rows{
      {"EndlessBody", "sends a 2xx and a body without end",
       endless(chunked, "400\r\n" + std::string(1024, 'x') + "\r\n", true)},
      {"EndlessBodyUntilClose", "sends a 2xx and bytes without end",
       endless(ok + "\r\n", std::string(1024, 'x'), true)},
      {"BodyNeverComes", "sends a 2xx whose body never comes",
       takes(ok + "Content-Length: 1000000\r\n\r\n", Then::hold)},
      {"BodyByteByByte",
       "sends a 2xx whose body comes byte by byte",
       {.answer = ok + "Content-Length: 1000\r\n\r\n", .forever = "x", .forever_pause = 50ms}},
      {"BodyOf10To18", "sends a 2xx with a length of 10^18",
       endless(ok + "Content-Length: 1000000000000000000\r\n\r\n", std::string(1024, 'x'), true)},
      {"LengthTooLarge", "sends less than it said, and closes",
       takes(ok + "Content-Length: 9\r\n\r\nhalf", Then::close)},
      {"LengthTooSmall", "sends more than it said", takes(ok + "Content-Length: 1\r\n\r\nabcdef")},
      {"BrokenChunks", "sends a 2xx and chunks that are none", takes(chunked + "xyz\r\n")},
      {"ChunkSizeOf2To63", "sends a 2xx and a chunk size of 2^63", takes(chunked + "8000000000000000\r\n", Then::hold)},
      {"EndlessExtension", "sends a 2xx and a chunk extension without end",
       endless(chunked + "1;", std::string(1000, 'x'), true)},
      {"EndlessTrailers", "sends a 2xx and trailers without end", endless(chunked + "0\r\n", "X-More: x\r\n", true)},
      {"Error500AndEndlessBody", "answers 500 with a body without end",
       endless("HTTP/1.1 500 No\r\n\r\n", std::string(1024, 'x'))},
      {"AnswersTwice", "answers each request twice", takes(good_answer + good_answer)},
  };
  table.insert(table.end(), rows.begin(), rows.end());
}

void add_connections(Table& table) {
  const Table rows{
      {"Silent", "never answers", fails("", Then::hold)},
      {"NeverReads", "accepts and never reads", {.takes = false, .reads = false}},
      {"NeverAccepts", "lets its backlog fill", {.takes = false, .accepts = false}},
      {"Refuses", "closes its port", {.takes = false, .listens = false}},
      {"ClosesAtOnce", "accepts and closes", greets("", Then::close)},
      {"ResetsAtOnce", "accepts and resets", greets("", Then::reset)},
      {"ClosesItsHalfAtOnce", "accepts and closes its half", greets("", Then::end_sending)},
      {"Resets", "reads the request and resets", fails("", Then::reset)},
      {"Closes", "reads the request and closes", fails("", Then::close)},
      {"ClosesAfterEach", "closes after each answer, and does not say so", takes(good_answer, Then::close)},
      {"ResetsAfterEach", "resets after each answer", takes(good_answer, Then::reset)},
      {"ClosesItsHalfAfterEach", "closes its half after each answer", takes(good_answer, Then::end_sending)},
      {"SaysThatItCloses", "says that it closes, and does not", takes(ok + "Connection: close\r\n" + empty)},
      {"DropsWhatIsPipelined", "answers the first of several requests and closes", {.drops_pipelined = true}},
      {"AnswersUnsolicited", "sends a 2xx before it is asked", greets(good_answer)},
      {"GarbageUnsolicited", "sends garbage before it is asked", greets("\x01\x02\x03 220 mail\r\n")},
      {"Slow", "answers after 200 ms", {.pause = 200ms}},
      {"TooLate", "answers when the attempt is over", {.pause = 3s}},
      {"FirstByteOnly", "sends the first byte of an answer", fails("H", Then::hold)},
  };
  table.insert(table.end(), rows.begin(), rows.end());
}

}  // namespace
}  // namespace logdist::e2e::analyzers

namespace logdist::e2e {

std::vector<HostileAnalyzer> hostile_analyzers() {
  analyzers::Table table;
  analyzers::add_statuses(table);
  analyzers::add_heads(table);
  analyzers::add_bodies(table);
  analyzers::add_connections(table);
  for (HostileAnalyzer& analyzer : table) analyzer.manner.spares_probes = true;
  return table;
}

}  // namespace logdist::e2e
