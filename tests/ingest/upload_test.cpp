// A journal is uploaded in one body, and becomes many packets while it is received.
#include "bodies.hpp"
#include "logdist/base/random.hpp"
#include "tests/support/seed.hpp"

namespace logdist::ingest::test {
namespace {

using namespace std::chrono_literals;
using queue::Admission;
using queue::Settlement;

constexpr std::string_view as_journal = "Content-Type: application/vnd.fdo.journal\r\n";

std::string chunked_head(std::string_view headers = as_journal) {
  return fmt::format("POST /upload HTTP/1.1\r\nHost: t\r\n{}Transfer-Encoding: chunked\r\n\r\n", headers);
}

std::string chunk(std::string_view data) { return fmt::format("{:x}\r\n{}\r\n", data.size(), data); }

constexpr std::string_view last_chunk = "0\r\n\r\n";

std::string entry_of(std::size_t bytes) { return "M=" + std::string(bytes - 4, 'x') + "\n\n"; }

class Uploads : public Bodies {
 protected:
  explicit Uploads(const config::ServerOptions& options = {}) : Bodies(options) {}

  std::string joined() {
    return port_.on_loop([this] {
      std::string all;
      for (const auto& seen : port_.sink.admitted) all += seen.body;
      return all;
    });
  }
  bool becomes(std::size_t packets) {
    return port_.eventually([&] { return port_.sink.admitted.size() == packets; });
  }
  bool waits() {
    return port_.eventually([&] { return !port_.sink.waiting.empty(); });
  }
  void expect_ok() {
    const auto answer = client_.read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 202u) << answer->body;
    EXPECT_EQ(answer->header("content-type"), "text/plain; charset=utf-8");
    EXPECT_EQ(answer->body, "OK.\n");
  }
};

TEST_F(Uploads, OfNothingAreASuccessWithoutPacket) {
  client_.send(chunked_head() + std::string(last_chunk));
  expect_ok();
  client_.send(sent_to("/upload", as_journal, ""));
  expect_ok();
  client_.send(sent_to("/upload", as_journal, "\n\n\n"));
  expect_ok();
  EXPECT_EQ(admitted(), 0u);
}

TEST_F(Uploads, AreOnePacketWhenTheyAreShort) {
  const std::string entries = "A=1\n\nB=2\nC\n" + std::string("\3\0\0\0\0\0\0\0x\ny\n\n", 13) + "D=4\n";
  const auto whole = take(sent_to("/upload", as_journal, entries));
  EXPECT_EQ(whole.answer.status, 202u);
  EXPECT_EQ(whole.seen.body, entries);
  EXPECT_EQ(whole.seen.messages, 3u);
  EXPECT_EQ(whole.seen.protocol, Protocol::journal);
  EXPECT_EQ(whole.seen.headers,
            "Content-Type: application/vnd.fdo.journal\r\nPacket-Format: journal\r\nPacket-Target: /upload\r\n");
  EXPECT_EQ(whole.seen.id.size(), 36u);
  std::string pieces = chunked_head();
  for (const char byte : entries) pieces += chunk({&byte, 1});
  const auto chunked = take(pieces + std::string(last_chunk));
  EXPECT_EQ(chunked.seen.body, entries);
  EXPECT_EQ(chunked.seen.messages, 3u);
  EXPECT_NE(chunked.seen.id, whole.seen.id);
  const ledger::IngestCounts counts = port_.counts();
  const auto& of_journal = counts.received[static_cast<std::size_t>(Protocol::journal)];
  EXPECT_EQ(of_journal.packets, 2u);
  EXPECT_EQ(of_journal.messages, 6u);
  EXPECT_EQ(of_journal.bytes, 2 * entries.size());
}

TEST_F(Uploads, LastForAsLongAsTheyLike) {
  Random random(logdist::test::draw_seed());
  std::string sent;
  std::size_t entries = 0;
  client_.send(chunked_head(std::string(as_journal) + "Expect: 100-continue\r\n"));
  EXPECT_EQ(client_.read(true)->status, 100u);
  while (sent.size() < 12 * config::MiB) {  // more than server.max_body
    std::string some;
    for (int i = 0; i < 100; ++i, ++entries) some += entry_of(10 + random.below(5000));
    client_.send(chunk(some));
    sent += some;
  }
  client_.send(std::string(last_chunk));
  expect_ok();
  EXPECT_EQ(joined(), sent);
  port_.on_loop([&] {
    std::size_t counted = 0;
    for (const auto& seen : port_.sink.admitted) {
      EXPECT_LE(seen.body.size(), config::MiB);
      EXPECT_TRUE(seen.body.ends_with("\n\n"));
      counted += seen.messages;
    }
    EXPECT_EQ(counted, entries);
  });
}

TEST_F(Uploads, MayHaveALengthBeyondThatOfOtherBodies) {
  std::string entries;
  while (entries.size() <= 10 * config::MiB) entries += entry_of(50'000);
  client_.send(sent_to("/upload", as_journal, entries));
  expect_ok();
  EXPECT_EQ(joined(), entries);
}

TEST_F(Uploads, AreHandedOnWhileTheyLast) {
  client_.send(chunked_head() + chunk("A=1\n\nB=2\n\nC="));
  ASSERT_TRUE(becomes(1)) << "after a second";
  EXPECT_EQ(joined(), "A=1\n\nB=2\n\n");
  client_.send(chunk("3\n\n"));
  ASSERT_TRUE(becomes(2));
  EXPECT_TRUE(port_.eventually([this] { return port_.memory().held_bytes() == 0; })) << "between entries nothing is";
  client_.send(chunk("\n\n") + std::string(last_chunk));
  expect_ok();
  EXPECT_EQ(joined(), "A=1\n\nB=2\n\nC=3\n\n");
  client_.send(post(small_body));
  EXPECT_EQ(client_.read()->status, 202u) << "the connection goes on";
}

TEST_F(Uploads, WaitForRoomAndDoNotFail) {
  set_admission(Admission::waiting);
  client_.send(chunked_head() + chunk("A=1\n\nB=2\n\n"));
  ASSERT_TRUE(waits());
  settle(Settlement::handed_back);
  settle(Settlement::not_stored);  // it has been tried again
  settle(Settlement::dead_lettered);
  client_.send(chunk("C=3\n"));
  client_.send(std::string(last_chunk));
  settle(Settlement::delivered);
  expect_ok();
  port_.on_loop([this] {
    const auto& seen = port_.sink.admitted;
    ASSERT_EQ(seen.size(), 4u);
    for (std::size_t again = 1; again <= 2; ++again) {
      EXPECT_EQ(seen[again].body, seen[0].body);
      EXPECT_EQ(seen[again].id, seen[0].id);
      EXPECT_EQ(seen[again].headers, seen[0].headers);
      EXPECT_EQ(seen[again].messages, 2u);
    }
    EXPECT_EQ(seen[3].body, "C=3\n");
  });
  EXPECT_EQ(port_.rejected(RejectReason::draining), 0u);
}

TEST_F(Uploads, ReadNothingMoreWhileTheyWait) {
  set_admission(Admission::waiting);
  std::string part;
  while (part.size() < config::MiB) part += entry_of(1000);
  client_.send(chunked_head() + chunk(part));
  ASSERT_TRUE(waits());
  std::thread sender([&] {
    for (int i = 0; i < 8; ++i) client_.try_send(chunk(part));
    client_.try_send(last_chunk);
  });
  EXPECT_TRUE(port_.eventually([this] { return port_.memory().held_bytes() < 3 * config::MiB; }));
  set_admission(Admission::queued);
  settle(Settlement::delivered);
  sender.join();
  expect_ok();
  EXPECT_EQ(joined().size(), 9 * part.size());
}

TEST_F(Uploads, AreAnsweredOnceTheirLastPartIsStored) {
  set_admission(Admission::pending);
  client_.send(sent_to("/upload", as_journal, "A=1\n\n"));
  ASSERT_TRUE(waits());
  port_.on_loop([this] { port_.sink.store(); });
  expect_ok();
}

TEST_F(Uploads, ThatAreBrokenAre400AndSayWhatWasAccepted) {
  client_.send(chunked_head() + chunk("A=1\n\nB=2\n\n"));
  ASSERT_TRUE(becomes(1));
  client_.send(chunk("C=3\n\n=x\n"));
  const auto answer = client_.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400u);
  EXPECT_EQ(answer->header("content-type"), "text/plain; charset=utf-8");
  EXPECT_THAT(answer->body, HasSubstr("a field has no name; 2 entries before were accepted"));
  EXPECT_THAT(answer->body, HasSubstr("15"));
  EXPECT_TRUE(client_.ends());
  EXPECT_EQ(admitted(), 1u);
  EXPECT_EQ(port_.rejected(RejectReason::invalid_body), 1u);

  Client other = port_.connect();
  other.send(sent_to("/upload", as_journal, "A=1\n\nB"));
  EXPECT_EQ(other.read()->status, 400u) << "it ends within an entry";
  Client third = port_.connect();
  third.send(chunked_head() + "xyz\r\n");
  EXPECT_EQ(third.read()->status, 400u) << "no chunk";
  EXPECT_EQ(admitted(), 1u);
}

TEST_F(Uploads, AreRefusedByTheirHead) {
  EXPECT_THAT(refused(sent_to("/upload", as_json, "A=1\n"), 415).body, HasSubstr("application/vnd.fdo.journal"));
  EXPECT_THAT(refused(sent_to("/upload", std::string(as_journal) + "Content-Encoding: br\r\n", "A=1\n"), 415)
                  .header("accept-encoding"),
              HasSubstr("zstd"));
  EXPECT_EQ(refused("GET /upload HTTP/1.1\r\nHost: t\r\n\r\n", 405).header("allow"), "POST");
  EXPECT_EQ(refused("POST /upload HTTP/1.1\r\nHost: t\r\n" + std::string(as_journal) + "\r\n", 411).body.empty(),
            false);
}

TEST_F(Uploads, WithACodingAreOnePacketAsTheyCame) {
  const std::string coded = compress(ContentCoding::zstd, "A=1\n\nB=2\n\n");
  const auto taken = take(sent_to("/upload", std::string(as_journal) + "Content-Encoding: zstd\r\n", coded));
  EXPECT_EQ(taken.answer.status, 202u);
  EXPECT_EQ(taken.seen.body, coded);
  EXPECT_EQ(taken.seen.messages, 2u);
  EXPECT_THAT(taken.seen.headers, HasSubstr("Content-Encoding: zstd\r\n"));
  set_admission(Admission::waiting);
  client_.send(sent_to("/upload", std::string(as_journal) + "Content-Encoding: zstd\r\n", coded));
  settle(Settlement::handed_back);
  settle(Settlement::delivered);
  expect_ok();
  const std::string broken = compress(ContentCoding::zstd, "A=1\n\n=");
  refused(sent_to("/upload", std::string(as_journal) + "Content-Encoding: zstd\r\n", broken), 400);
}

TEST_F(Uploads, OfAnAgentThatGoesLeaveNothing) {
  set_admission(Admission::waiting);
  client_.send(chunked_head() + chunk("A=1\n\nB="));
  ASSERT_TRUE(waits());
  client_.close();
  EXPECT_TRUE(port_.eventually([this] { return port_.sink.abandoned == 1; }));
  Client other = port_.connect();
  other.send(chunked_head() + chunk("A=1\n\nB="));
  EXPECT_TRUE(port_.eventually([this] { return port_.memory().held_bytes() > 0; }));
  other.reset();
}

TEST_F(Uploads, HaveAMomentToEndWhenTheDrainBegins) {
  client_.send(chunked_head() + chunk("A=1\n\n"));
  ASSERT_TRUE(port_.eventually([this] { return port_.memory().held_bytes() > 0; }));
  port_.on_loop([this] { port_.sessions().begin_drain(); });
  client_.send(chunk("B=2\n\n") + std::string(last_chunk));
  const auto answer = client_.read();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->status == 202 || answer->status == 503);  // it may have come too late
  EXPECT_EQ(joined(), answer->status == 202 ? "A=1\n\nB=2\n\n" : "");
  EXPECT_TRUE(client_.ends());
}

TEST_F(Uploads, ThatLastAre503WhenTheDrainBegins) {
  client_.send(chunked_head() + chunk("A=1\n\n"));
  ASSERT_TRUE(becomes(1));
  client_.send(chunk("B=2\n\n"));
  port_.on_loop([this] { port_.sessions().begin_drain(); });
  const auto answer = client_.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503u);
  EXPECT_EQ(answer->header("retry-after"), "7");
  EXPECT_EQ(answer->header("content-type"), "text/plain; charset=utf-8");
  EXPECT_TRUE(client_.ends());
  EXPECT_EQ(joined(), "A=1\n\n");
  EXPECT_EQ(port_.rejected(RejectReason::draining), 1u);
}

TEST_F(Uploads, ThatWaitAre503WhenTheDrainHandsThemBack) {
  set_admission(Admission::waiting);
  client_.send(chunked_head() + chunk("A=1\n\n"));
  ASSERT_TRUE(waits());
  port_.on_loop([this] { port_.sessions().begin_drain(); });
  settle(Settlement::handed_back);
  const auto answer = client_.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503u);
  EXPECT_TRUE(client_.ends());
}

class SmallUploads : public Uploads {
 protected:
  SmallUploads() : Uploads(options()) {}

  static config::ServerOptions options() {
    config::ServerOptions options = with_timeouts(10s, 300ms, 200ms);
    options.max_body = 2000;
    options.max_buffered = 64 * config::KiB;
    return options;
  }
};

TEST_F(SmallUploads, AnEntryHasTheSizeOfABodyAtMost) {
  client_.send(chunked_head() + chunk(entry_of(2000)) + chunk(entry_of(2001)));
  const auto answer = client_.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 413u);
  EXPECT_THAT(answer->body, HasSubstr("an entry is larger than allowed"));
  EXPECT_TRUE(client_.ends());
  EXPECT_EQ(port_.rejected(RejectReason::body_too_large), 1u);
}

TEST_F(SmallUploads, AnEntryHasTheTimeOfABodyAndTheRestHasAny) {
  client_.send(chunked_head() + chunk("A=1\n\n"));
  ASSERT_TRUE(becomes(1)) << "a second is longer than the time of a body";
  client_.send(chunk("B=2\n\nC="));
  const auto answer = client_.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408u);
  EXPECT_TRUE(client_.ends());
  EXPECT_EQ(joined(), "A=1\n\n");
}

TEST_F(SmallUploads, NeedNotTheSpaceOfAPart) {
  std::string sent;
  std::vector<Client> clients;
  clients.push_back(port_.connect());
  clients.push_back(port_.connect());
  std::string entries;
  for (int i = 0; i < 300; ++i) entries += entry_of(1000);
  for (Client& client : clients) client.send(chunked_head() + chunk(entries) + std::string(last_chunk));
  for (Client& client : clients) EXPECT_EQ(client.read()->status, 202u);
  EXPECT_EQ(joined().size(), 2 * entries.size());
}

}  // namespace
}  // namespace logdist::ingest::test
