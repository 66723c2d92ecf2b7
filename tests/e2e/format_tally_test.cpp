// Whether the tally by format finds what it is there for.
#include "tests/e2e/format_tally.hpp"

#include <gmock/gmock.h>

#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using core::Protocol;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Sent sent_as(Protocol format, const std::string& id, std::uint32_t messages, unsigned status) {
  Sent packet;
  packet.id = id;
  packet.messages = messages;
  packet.status = status;
  packet.format = format;
  return packet;
}

Entry taken_as(const Sent& packet, const std::string& format) {
  const std::string body = body_of(packet);
  Entry entry{packet.id, packet.messages, body.size(), crc32_of(body)};
  entry.format = format;
  return entry;
}

class FormatTallies : public testing::Test {
 protected:
  FormatTallies() {
    takes_loki_.add(Protocol::loki);
    takes_otlp_.add(Protocol::otlp);
  }

  std::vector<FormatTally> tally(const std::vector<Taker>& takers, const std::vector<KeptLetter>& letters = {},
                                 const std::string& received_otlp = "3") const {
    const std::string text =
        "logdist_packets_received_total{format=\"otlp\"} " + received_otlp +
        "\nlogdist_messages_received_total{format=\"otlp\"} 12\n"
        "logdist_packets_received_total{format=\"loki\"} 1\nlogdist_messages_received_total{format=\"loki\"} 7\n";
    return tally_formats({Protocol::otlp, Protocol::loki}, {first_, second_, sent_away_, other_}, takers, letters,
                         Samples(text));
  }

  const Sent first_ = sent_as(Protocol::otlp, "first", 3, 200);
  const Sent second_ = sent_as(Protocol::otlp, "second", 4, 200);
  const Sent sent_away_ = sent_as(Protocol::otlp, "away", 5, 503);
  const Sent other_ = sent_as(Protocol::loki, "other", 7, 204);
  core::ProtocolSet takes_loki_;
  core::ProtocolSet takes_otlp_;
};

TEST_F(FormatTallies, AreRightWhenAllIsTaken) {
  const std::vector<FormatTally> tallies = tally({{{taken_as(first_, "otlp"), taken_as(second_, "otlp")}, takes_otlp_},
                                                  {{taken_as(other_, "loki")}, takes_loki_}});
  ASSERT_EQ(tallies.size(), 2u);
  EXPECT_EQ(tallies[0].sent, (Count{3, 12}));
  EXPECT_EQ(tallies[0].accepted, (Count{2, 7}));
  EXPECT_EQ(tallies[0].taken, (Count{2, 7}));
  EXPECT_EQ(tallies[1].taken, (Count{1, 7}));
  for (const FormatTally& tally : tallies) EXPECT_THAT(tally.faults(), IsEmpty()) << to_string(tally.format);
}

TEST_F(FormatTallies, CountDeadLettersOfTheFormat) {
  const std::vector<Taker> takers{{{taken_as(first_, "otlp")}, takes_otlp_}, {{taken_as(other_, "loki")}, takes_loki_}};
  EXPECT_THAT(tally(takers, {{"second", "otlp"}})[0].faults(), IsEmpty());
  EXPECT_EQ(tally(takers, {{"second", "otlp"}})[0].kept, (Count{1, 4}));
  EXPECT_THAT(tally(takers, {{"second", "loki"}})[0].faults(), ElementsAre(HasSubstr("1 and 3 were taken, 0 and 0")));
}

TEST_F(FormatTallies, FindWhatIsTakenAsAnotherFormat) {
  const std::vector<FormatTally> tallies =
      tally({{{taken_as(first_, "otlp"), taken_as(second_, "loki")}, core::ProtocolSet::all()},
             {{taken_as(other_, "loki")}, takes_loki_}});
  EXPECT_THAT(tallies[0].misdirected, ElementsAre("second"));
  EXPECT_THAT(tallies[0].faults(), ElementsAre(HasSubstr("2 packets and 7 messages of otlp that were accepted"),
                                               HasSubstr("1 packets of otlp were taken as another format")));
  EXPECT_THAT(tallies[1].faults(), IsEmpty());
}

TEST_F(FormatTallies, FindWhatIsTakenByOneThatDoesNotTakeIt) {
  const std::vector<FormatTally> tallies =
      tally({{{taken_as(first_, "otlp"), taken_as(second_, "otlp"), taken_as(other_, "loki")}, takes_otlp_}});
  EXPECT_THAT(tallies[0].faults(), IsEmpty());
  EXPECT_THAT(tallies[1].misdirected, ElementsAre("other"));
}

TEST_F(FormatTallies, FindWhatIsCountedUnderAnotherFormat) {
  const std::vector<Taker> takers{{{taken_as(first_, "otlp"), taken_as(second_, "otlp")}, takes_otlp_},
                                  {{taken_as(other_, "loki")}, takes_loki_}};
  EXPECT_THAT(tally(takers, {}, "2")[0].faults(), ElementsAre(HasSubstr("2 packets and 12 messages of otlp")));
  EXPECT_THAT(tally(takers, {}, "4")[0].faults(), ElementsAre(HasSubstr("are counted as received")));
}

TEST(KeptLetters, SayTheirFormats) {
  const std::vector<KeptLetter> letters =
      kept_letters({R"({"packet_id":"a","format":"otlp"})", R"({"packet_id":"b","reason":"refused"})"});
  ASSERT_EQ(letters.size(), 2u);
  EXPECT_EQ(letters[0].id, "a");
  EXPECT_EQ(letters[0].format, "otlp");
  EXPECT_EQ(letters[1].format, "");
}

TEST(Journal, KeepsTheFormat) {
  const test::TemporaryFolder folder;
  Entry with{"a", 1, 2, 3};
  with.format = "hec-event";
  const Entry without{"b", 1, 2, 3};
  Journal journal(folder.file("journal"));
  journal.add(with);
  journal.add(without);
  const std::vector<Entry> entries = read_journal(folder.file("journal"));
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].format, "hec-event");
  EXPECT_EQ(entries[1].format, "");
  EXPECT_EQ(entries[1].id, "b");
}

}  // namespace
}  // namespace logdist::e2e
