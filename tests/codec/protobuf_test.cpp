// OTLP and Loki in protobuf: what is counted, what is passed over, what is refused and where.
#include <gtest/gtest.h>

#include <string>

#include "tests/codec/pieces.hpp"
#include "tests/codec/wire.hpp"

namespace logdist::codec {
namespace {

using namespace std::string_literals;
using namespace logdist::test;

class Protobuf : public ::testing::Test {
 protected:
  Outcome otlp(const std::string& body) { return bodies_.decode(Format::otlp_protobuf, body); }

  std::uint32_t count(const std::string& body) {
    const Outcome outcome = otlp(body);
    EXPECT_TRUE(outcome.accepted) << outcome.error.detail;
    return outcome.messages;
  }

  /// An export request with this in its scope_logs.
  static std::string in_scope(const std::string& content) { return field(1, field(2, content)); }
  /// … in a log record.
  static std::string in_record(const std::string& content) { return in_scope(field(2, content)); }

  WholeAndPieces bodies_;
};

const std::string record = tag(1, 1) + "12345678" + field(5, field(1, "text")) +
                           field(6, field(1, "key") + field(2, tag(3, 0) + varint(1'234'567))) + tag(8, 5) + "1234";

TEST_F(Protobuf, OfOtlpCountsLogRecords) {
  EXPECT_EQ(count(in_scope(field(2, record))), 1u);
  EXPECT_EQ(count(in_scope(field(1, field(1, "scope")) + field(2, record) + field(2, "") + field(2, record))), 3u);
  EXPECT_EQ(count(in_scope(field(2, record)) + in_scope(field(2, record)) +
                  field(1, field(1, field(1, field(1, "k"))) + field(2, field(2, "")) + field(2, field(2, "")))),
            4u);
}

TEST_F(Protobuf, OfOtlpMayBeEmpty) {
  EXPECT_EQ(count(""), 0u);
  EXPECT_EQ(count(field(1, "")), 0u);
  EXPECT_EQ(count(field(1, field(2, ""))), 0u);
}

TEST_F(Protobuf, OfLokiCountsEntries) {
  const std::string entry = field(1, tag(1, 0) + varint(1'700'000'000) + tag(2, 0) + varint(5)) + field(2, "line") +
                            field(3, field(1, "name") + field(2, "value"));
  const auto loki = [this](const std::string& body) { return bodies_.decode(Format::loki_protobuf, body); };
  EXPECT_EQ(
      loki(field(1, field(1, "{app=\"a\"}") + field(2, entry) + field(2, entry) + tag(3, 0) + varint(9))).messages, 2u);
  EXPECT_TRUE(loki("").accepted);
  EXPECT_FALSE(loki(field(1, field(2, field(1, "\x08")))).accepted) << "a timestamp is walked";
  EXPECT_FALSE(loki(field(1, field(2, field(4, "\x0a\x05")))).accepted) << "a label is walked";
}

TEST_F(Protobuf, PassesOverWhatItDoesNotKnow) {
  EXPECT_EQ(count(field(1000, "\xff\xff") + in_scope(field(2, record) + field(99, "x") + tag(3, 0) + varint(7))), 1u);
  EXPECT_EQ(count(in_scope(tag(2, 0) + varint(3) + tag(2, 1) + "12345678" + tag(2, 5) + "1234")), 0u)
      << "of another wire type it is another field";
  EXPECT_EQ(count(in_scope(group(2, field(2, record)))), 0u);
  EXPECT_EQ(count(in_record(group(7, group(8, tag(2, 0) + varint(1)) + field(9, "\xff")))), 1u);
  EXPECT_EQ(count(group(536'870'911, "") + in_scope(field(2, record))), 1u);
}

TEST_F(Protobuf, MayBeWrittenInMoreBytesThanItNeeds) {
  for (const std::size_t length : {1u, 2u, 3u, 4u, 5u}) {
    const std::string records = tag(2, 2, length) + varint(record.size(), length) + record;
    EXPECT_EQ(count(field(1, field(2, records, length), length)), 1u);
  }
  EXPECT_EQ(count(in_record(tag(7, 0) + varint(1, 10))), 1u);
  EXPECT_FALSE(otlp(in_record(tag(7, 0) + varint(1, 11))).accepted);
  EXPECT_FALSE(otlp(in_record(tag(7, 0, 6) + varint(1))).accepted);
  EXPECT_FALSE(otlp(tag(1, 2) + varint(0, 6)).accepted);
}

TEST_F(Protobuf, DoesNotLookAtText) { EXPECT_EQ(count(in_record(field(3, "\xff\xfe"))), 1u); }

TEST_F(Protobuf, OfAByteOrderMarkIsNone) {
  EXPECT_EQ(otlp("\xef\xbb\xbf{}").error.detail, "not protobuf: a field has a wire type that there is not");
}

TEST_F(Protobuf, SaysWhatIsWrongAndWhere) {
  struct Case {
    std::string body;
    std::string detail;
    std::size_t offset;
  };
  const std::string before = in_scope(field(2, record));
  const Case cases[] = {
      {before + "\x02\x01x", "a field has the number 0", before.size()},
      {before + "\x0e", "a field has a wire type that there is not", before.size()},
      {before + "\x0f", "a field has a wire type that there is not", before.size()},
      {before + "\x0c", "the end of a group that has not begun", before.size()},
      {before + "\x0b\x14", "the end of a group that has not begun", before.size() + 1},
      {before + "\x0b", "it ends too early", before.size() + 1},
      {before + "\x0a", "it ends too early", before.size() + 1},
      {before + "\x1a\x05"
                "1234",
       "it ends too early", before.size() + 6},
      {before + "\x0a\x05"
                "1234",
       "a field is longer than the message that it is in", before.size() + 2},
      {before + "\x80", "it ends too early", before.size() + 1},
      {before + "\x09"
                "1234567",
       "it ends too early", before.size() + 8},
      {before + "\x15"
                "123",
       "it ends too early", before.size() + 4},
      {before + "\x08\x80\x80", "it ends too early", before.size() + 3},
      {before + "\x80\x80\x80\x80\x80\x01", "a tag of more than 5 bytes", before.size()},
      {before + "\x0a\x80\x80\x80\x80\x08", "a length of more than 31 bits", before.size()},
      {before + "\x08" + std::string(11, '\x80'), "a number of more than 10 bytes", before.size()},
      {field(1,
             "\x12\x03"
             "12") +
           record,
       "a field is longer than the message that it is in", 2},
      {field(1, "\x13") + "\x14", "a group has no end", 3},
      {field(1, "\x08") + "\x01", "a field is longer than the message that it is in", 2},
  };
  for (const auto& [body, detail, offset] : cases) {
    const Outcome outcome = otlp(body);
    EXPECT_EQ(outcome.error.code, DecodeErrorCode::invalid_body);
    EXPECT_EQ(outcome.error.detail, "not protobuf: " + detail);
    EXPECT_EQ(outcome.error.offset, offset) << detail;
  }
}

/// AnyValue, `levels` array values deep.
std::string nested_value(std::size_t levels) {
  std::string value;
  for (std::size_t level = 0; level < levels; ++level) value = field(5, field(1, value));
  return value;
}

TEST_F(Protobuf, IsNestedSoDeepAndNoDeeper) {
  // Behind the body itself: resource_logs, scope_logs, log_records, body, and two for each array.
  EXPECT_EQ(count(in_record(field(5, nested_value(30)))), 1u);
  EXPECT_EQ(otlp(in_record(field(5, nested_value(31)))).error.detail, "not protobuf: nested deeper than 64 levels");
  std::string groups;
  for (std::size_t level = 0; level < max_depth; ++level) groups = group(1, groups);
  EXPECT_EQ(count(groups), 0u);
  EXPECT_EQ(otlp(group(1, groups)).error.detail, "not protobuf: nested deeper than 64 levels");
}

TEST_F(Protobuf, IsTheSameWhereverItIsCut) {
  const std::string body = in_scope(field(2, record) + group(9, field(1, "x")) + field(2, record, 4)) + tag(7, 0, 3) +
                           varint(5, 10) + in_scope(field(2, ""));
  const Decoder decoder;
  for (std::size_t first = 0; first <= body.size(); ++first) {
    for (std::size_t second = first; second <= body.size(); ++second) {
      const auto reader = decoder.in_pieces(Format::otlp_protobuf);
      EXPECT_TRUE(reader->feed(body.substr(0, first)));
      EXPECT_TRUE(reader->feed(body.substr(first, second - first)));
      EXPECT_TRUE(reader->feed(body.substr(second)));
      const DecodeResult result = reader->finish();
      ASSERT_TRUE(result.has_value()) << first << ", " << second << ": " << result.error().detail;
      ASSERT_EQ(result->messages, 3u);
    }
  }
}

TEST_F(Protobuf, InPiecesStopsAtTheFirstError) {
  const Decoder decoder;
  const auto reader = decoder.in_pieces(Format::otlp_protobuf);
  EXPECT_TRUE(reader->feed(in_scope(field(2, record))));
  EXPECT_FALSE(reader->feed("\x0f" + std::string(100, 'x')));
  EXPECT_FALSE(reader->feed("more"));
  EXPECT_EQ(reader->finish().error().offset, in_scope(field(2, record)).size());
}

}  // namespace
}  // namespace logdist::codec
