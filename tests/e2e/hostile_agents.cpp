// Agents, and clients of the admin port. Bodies that are slow to decode: bench/hostile_bodies_bench has more.
#include "tests/e2e/hostile.hpp"
#include "tests/e2e/wait.hpp"

namespace logdist::e2e::agents {
namespace {

using namespace std::chrono_literals;
using End = Attack::End;
using Table = std::vector<HostileAgent>;

constexpr std::size_t mebibyte = 1 << 20;
/// How often, and of how many bytes, is what costs the daemon work; a sanitizer makes ten times as much of it.
constexpr Duration work_pause = sanitized ? 300ms : 20ms;
constexpr std::size_t decoded_bytes = sanitized ? mebibyte / 16 : mebibyte;
constexpr auto admin = Attack::Port::admin;

const std::string start = "POST /v1/packets HTTP/1.1\r\nHost: t\r\n";
const std::string json = start + "Content-Type: application/json\r\n";
const std::string chunked = json + "Transfer-Encoding: chunked\r\n\r\n";

/// By doubling: the table is made again for each test.
std::string times(std::size_t count, const std::string& text) {
  std::string all = text;
  while (all.size() < count * text.size()) all += all.substr(0, count * text.size() - all.size());
  return all;
}

std::string announced(std::size_t length) { return json + "Content-Length: " + std::to_string(length) + "\r\n\r\n"; }
std::string whole(const std::string& body) { return announced(body.size()) + body; }
std::string chunk_of(const std::string& bytes) {
  constexpr auto digits = "0123456789abcdef";
  std::string size;
  for (std::size_t rest = bytes.size(); rest > 0; rest /= 16) size.insert(size.begin(), digits[rest % 16]);
  return size + "\r\n" + bytes + "\r\n";
}

/// `unit` as often as it goes into so many bytes, between both ends.
std::string filled(std::size_t bytes, const std::string& first, const std::string& unit, const std::string& last) {
  return first + times(bytes / unit.size(), unit) + last;
}

/// A whole body again and again, from few connections: what is slow to decode is felt by all others of the loop.
Attack decoded(const std::string& body) {
  return {.opening = whole(body),
          .again = whole(body),
          .pause = sanitized ? 400ms : 100ms,
          .connections = sanitized ? 1 : 2};
}

Attack closes(const std::string& bytes) { return {.opening = bytes, .end = End::close, .connections = 4}; }

Attack slowly(const std::string& opening, const std::string& again = "x") {
  return {.opening = opening, .again = again, .pause = 50ms, .connections = 20};
}

void add_heads(Table& table) {
  const Table rows{
      {"HalfHead", "sends half a request line and no more", {.opening = "POST /v1/pack", .connections = 20}},
      {"HeadByteByByte", "sends a field of its head byte by byte", slowly(start + "X-A: ")},
      {"HeadLineByLine", "sends a short field of its head now and then", slowly(start, "X-A: b\r\n")},
      {"EndlessHeader", "sends a head of fields without end", {.opening = start, .again = times(20, "X-A: b\r\n")}},
      {"EndlessField", "sends a field without end", {.opening = start + "X-A: ", .again = std::string(4096, 'x')}},
      {"EndlessName", "sends a field's name without end", {.opening = start, .again = std::string(4096, 'x')}},
      {"EndlessTarget", "sends a target without end", {.opening = "POST /", .again = std::string(4096, 'x')}},
      {"EndlessMethod", "sends a method without end", {.again = std::string(4096, 'P')}},
      {"EmptyLines", "sends empty lines without end", {.again = times(100, "\r\n")}},
      {"ManyFields", "sends a head of 10,000 fields", closes(start + times(10'000, "A: b\r\n") + "\r\n")},
      {"Garbage", "sends bytes that are no HTTP", closes(filled(4096, "\x01", "\xff\xfe\x07\x1b", "\r\n\r\n"))},
      {"Nulls", "sends zero bytes without end", {.again = std::string(4096, '\0')}},
      {"TlsClientHello",
       "speaks TLS",
       {.opening = std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(501, 'r')}},
      {"Http2", "speaks HTTP/2", {.opening = std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33)}},
      {"Ssh", "speaks SSH", {.opening = "SSH-2.0-OpenSSH_9.2\r\n"}},
      {"ProxyHeader", "sends a PROXY header that is not asked for",
       closes("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" + whole("[1]"))},
      {"Connect", "asks for a tunnel", closes("CONNECT t:443 HTTP/1.1\r\nHost: t:443\r\n\r\n")},
      {"Trace", "traces", closes("TRACE /v1/packets HTTP/1.1\r\nHost: t\r\nMax-Forwards: 0\r\n\r\n")},
      {"OtherMethods", "uses other methods",
       closes("BREW / HTTP/1.1\r\nHost: t\r\n\r\nDELETE / HTTP/1.1\r\nHost: t\r\n\r\n")},
      {"OtherTargets",
       "asks for what is not there",
       {.again = times(50, "GET /a/../../b HTTP/1.1\r\nHost: t\r\n\r\n"), .pause = work_pause, .connections = 4}},
      {"Upgrade",
       "wants a WebSocket",
       {.opening = "GET /v1/packets HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"}},
      {"Hosts", "names two hosts, or a bad one", closes("POST /v1/packets HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")},
  };
  table.insert(table.end(), rows.begin(), rows.end());
}

void add_lengths(Table& table) {
  const std::string endless = json + "Transfer-Encoding: chunked\r\n\r\n3;";
  const Table rows{
      {"BothLengths", "sends a length and chunks",
       closes(json + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n")},
      {"TwoLengths", "sends two lengths", closes(json + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n[1] ")},
      {"LengthOfNoNumber", "sends a length that is no number", closes(json + "Content-Length: -1\r\n\r\n")},
      {"LengthBeyondAll", "announces 10^30 bytes",
       closes(json + "Content-Length: 1" + std::string(30, '0') + "\r\n\r\n")},
      {"LengthTooLarge", "sends less than it announced, and closes", closes(announced(1000) + "[1]")},
      {"LengthTooSmall", "sends more than it announced", closes(announced(3) + "[1]" + std::string(5000, 'x'))},
      {"Oversized",
       "sends 11 MiB",
       {.opening = announced(11 * mebibyte) + std::string(11 * mebibyte, '1'),
        .connections = 2,
        .rest = 10 * work_pause}},
      {"OversizedChunks",
       "sends chunks without end",
       {.opening = chunked + "1\r\n[\r\n",
        .again = chunk_of(std::string(65536, '1')),
        .pause = work_pause,
        .connections = 2}},
      {"TenMebibytesByteByByte", "announces 10 MiB and sends a byte now and then",
       slowly(announced(10 * mebibyte) + "[", "1")},
      {"LargeBodyStops",
       "sends half of 8 MiB and no more",
       {.opening = announced(8 * mebibyte) + std::string(4 * mebibyte, '1'),
        .connections = 6,
        .rest = 10 * work_pause}},
      {"AnnouncedOnly", "announces a body and sends none", {.opening = announced(1000), .connections = 20}},
      {"ChunkSizeOf2To63", "sends a chunk size of 2^63", closes(chunked + "8000000000000000\r\n")},
      {"ChunkSizeBeyondAll", "sends a chunk size of 40 digits", closes(chunked + std::string(40, 'f') + "\r\n")},
      {"EndlessChunkSize",
       "sends a chunk size of zeros without end",
       {.opening = chunked, .again = std::string(4096, '0')}},
      {"EndlessExtension",
       "sends a chunk extension without end",
       {.opening = endless, .again = std::string(4096, 'x')}},
      {"ChunksOfOneByte",
       "sends chunks of one byte",
       {.opening = chunked + "1\r\n[\r\n", .again = times(1000, "1\r\n \r\n"), .pause = work_pause, .connections = 4}},
      {"ChunkByteByByte", "sends a chunk byte by byte", slowly(chunked + "100000\r\n[", "1")},
      {"EmptyChunks", "sends nothing but last chunks", closes(times(100, chunked + "0\r\n\r\n"))},
      {"BrokenChunks", "sends chunks that are longer than they say", closes(chunked + "3\r\n[1]xx\r\n0\r\n\r\n")},
      {"BareLineFeeds", "ends the lines of chunks with LF", closes(chunked + "3\n[1]\n0\n\n")},
      {"TrailersSlowly", "sends trailers byte by byte", slowly(chunked + "3\r\n[1]\r\n0\r\nX-A: ")},
      {"EndlessTrailers",
       "sends trailers without end",
       {.opening = chunked + "3\r\n[1]\r\n0\r\n", .again = times(20, "X-A: b\r\n")}},
      {"ExpectsAndStops",
       "expects 100 Continue and sends no body",
       {.opening = json + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"}},
      {"ExpectsElse", "expects what nobody knows", closes(json + "Content-Length: 3\r\nExpect: 200-ok\r\n\r\n[1]")},
  };
  table.insert(table.end(), rows.begin(), rows.end());
}

void add_bodies(Table& table) {
  const std::string open = R"({"messages":[{"v":[)";
  const std::string close = "0]}]}";
  const std::string gzip = "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x08";
  const Table rows{
      {"HugeNumbers", "sends 1 MiB of numbers of 23 digits",
       decoded(filled(decoded_bytes, open, "12345678901234567890123e280,", close))},
      {"LongDecimals", "sends 1 MiB of numbers of 700 decimals",
       decoded(filled(decoded_bytes, open, "0." + std::string(700, '7') + ",", close))},
      {"DeepNesting", "sends a million brackets", decoded(std::string(decoded_bytes, '['))},
      {"DeepAsAllowed", "sends 1 MiB of arrays 60 deep",
       decoded(filled(decoded_bytes, open, times(60, "[") + times(60, "]") + ",", close))},
      {"TinyStrings", "sends 1 MiB of empty strings", decoded(filled(decoded_bytes, "[", "\"\",", "\"\"]"))},
      {"ManyKeys", "sends an object of 100,000 keys",
       decoded(filled(decoded_bytes, R"({"messages":[{)", R"("a":1,)", R"("b":1}]})"))},
      {"DuplicateKeys", "sends its messages again and again",
       decoded(filled(decoded_bytes, R"({"messages":[1])", R"(,"messages":[1])", "}"))},
      {"Escapes", "sends 1 MiB of escapes", decoded(filled(decoded_bytes, "[\"", R"(\ud83d\ude00)", "\"]"))},
      {"BadUtf8", "sends 1 MiB whose last character is broken",
       decoded("[\"" + std::string(decoded_bytes, 'a') + "\xf0\x9f\"]")},
      {"StringWithoutEnd", "sends a string without end", decoded("[\"" + std::string(decoded_bytes, 'a'))},
      {"TenMebibytesOfNumbers",
       "sends 10 MiB of short numbers",
       {.opening = whole(filled(10 * decoded_bytes - 64, open, "1,", close)),
        .end = End::close_sending,
        .connections = 1,
        .rest = 10 * work_pause}},
      {"EmptyLinesOfJson", "sends 1 MiB of empty lines as messages",
       closes(start + "Content-Type: application/x-ndjson\r\nContent-Length: 1048576\r\n\r\n" +
              std::string(mebibyte, '\n'))},
      {"CompressedGarbage", "says that noise is gzip", closes(json + gzip)},
      {"OtherType", "sends a type that nobody takes",
       closes(start + "Content-Type: text/html\r\nContent-Length: 3\r\n\r\n[1]")},
      {"LongId", "sends an id of 8,000 bytes",
       closes(start + "Idempotency-Key: " + std::string(8000, 'i') + "\r\n" + whole("[1]").substr(start.size()))},
  };
  table.insert(table.end(), rows.begin(), rows.end());
}

void add_connections(Table& table) {
  const std::string health = "GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n";
  const Table rows{
      {"PipelinesAndReadsNothing",
       "sends 1,000 packets and reads no answer",
       {.opening = times(1000, whole("[1]")), .connections = 2, .reads = false, .rest = 1s}},
      {"NeverReads",
       "asks without end and reads no answer",
       {.again = times(1000, health), .pause = work_pause, .connections = 4, .reads = false}},
      {"ReadsByteByByte",
       "asks without end and reads a byte now and then",
       {.again = times(1000, health), .pause = work_pause, .connections = 4, .read_pause = 50ms}},
      {"ResetsAmidABody",
       "resets in the middle of its body",
       {.opening = announced(mebibyte) + std::string(mebibyte / 2, '1'), .end = End::reset, .connections = 4}},
      {"ClosesAmidAHead", "closes in the middle of its head", closes("POST /v1/pack")},
      {"ResetsBeforeItsAnswer",
       "sends a packet and resets",
       {.opening = whole("[1]"), .end = End::reset, .connections = 2}},
      {"ClosesItsHalf",
       "sends a packet and closes its half",
       {.opening = whole("[1]"), .end = End::close_sending, .connections = 2}},
      {"ClosesItsHalfAmidABody",
       "closes its half in the middle of a body",
       {.opening = announced(1000) + "[1,", .end = End::close_sending}},
      {"ConnectsAndCloses",
       "connects and closes, thousands of times",
       {.end = End::close, .connections = 20, .rest = 2ms}},
      {"ConnectsAndResets",
       "connects and resets, thousands of times",
       {.end = End::reset, .connections = 20, .rest = 2ms}},
      {"Silent", "fills all connections and is silent", {.connections = 400}},
      {"HalfHeadsAtTheBound", "fills all connections with half heads", {.opening = start, .connections = 400}, true},
      {"HalfBodiesAtTheBound",
       "fills all connections with half bodies",
       {.opening = announced(100) + "[", .connections = 400},
       true},
      {"TricklesAtTheBound",
       "fills all connections with bodies byte by byte",
       {.opening = announced(1000) + "[", .again = "1", .pause = 100ms, .connections = 400},
       true},
      {"DeafAtTheBound",
       "fills all connections, and reads no answer",
       {.again = times(50, health), .pause = 10 * work_pause, .connections = 400, .reads = false},
       true},
      {"NeverClosesAtTheBound",
       "sends garbage from all connections, and does not close when it is refused",
       {.opening = "\x01\x02\r\n\r\n", .connections = 400, .reads = false},
       true},
  };
  table.insert(table.end(), rows.begin(), rows.end());
}

void add_admin(Table& table) {
  const std::string scrape = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string events = "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string reload =
      "POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ";
  const Table rows{
      {"AdminHalfHeads",
       "fills the admin port with half heads",
       {.opening = "GET /hea", .connections = 300, .port = admin}},
      {"AdminSilent", "fills the admin port and is silent", {.connections = 300, .port = admin}},
      {"AdminHeadByteByByte",
       "sends the admin port heads byte by byte",
       {.opening = "GET / HTTP/1.1\r\nX-A: ", .again = "x", .pause = 50ms, .connections = 100, .port = admin}},
      {"AdminEndlessHeader",
       "sends the admin port fields without end",
       {.opening = "GET / HTTP/1.1\r\n", .again = times(20, "X-A: b\r\n"), .port = admin}},
      {"AdminScrapeFlood",
       "scrapes without end",
       {.again = scrape, .pause = 2 * work_pause, .connections = 4, .port = admin}},
      {"AdminScrapeSlowReader",
       "scrapes and reads a byte now and then",
       {.again = scrape, .pause = 2 * work_pause, .read_pause = 50ms, .port = admin}},
      {"AdminScrapeNeverReads",
       "scrapes without end and reads nothing",
       {.again = scrape, .pause = 2 * work_pause, .connections = 20, .reads = false, .port = admin}},
      {"AdminHugePost",
       "posts 10 MiB to the admin port",
       {.opening = reload + "10485760\r\n\r\n" + std::string(10 * mebibyte, ' '),
        .connections = 2,
        .rest = 10 * work_pause,
        .port = admin}},
      {"AdminPostByteByByte",
       "posts to the admin port byte by byte",
       {.opening = reload + "1000\r\n\r\n", .again = " ", .pause = 50ms, .connections = 100, .port = admin}},
      {"AdminEvents",
       "wants events 64 times and reads none",
       {.opening = events, .connections = 64, .reads = false, .port = admin}},
      {"AdminConnectsAndCloses",
       "connects to the admin port and closes",
       {.end = End::close, .connections = 20, .rest = 5ms, .port = admin}},
      {"AdminGarbage",
       "sends the admin port what is no HTTP",
       {.opening = std::string(4096, '\xff'), .end = End::close, .connections = 4, .port = admin}},
  };
  table.insert(table.end(), rows.begin(), rows.end());
}

}  // namespace
}  // namespace logdist::e2e::agents

namespace logdist::e2e {

std::vector<HostileAgent> hostile_agents() {
  agents::Table table;
  agents::add_heads(table);
  agents::add_lengths(table);
  agents::add_bodies(table);
  agents::add_connections(table);
  agents::add_admin(table);
  return table;
}

}  // namespace logdist::e2e
