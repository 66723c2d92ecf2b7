// `_bulk`: pairs of lines, counted by action; and what is no such body.
#include "codec/bulk.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/codec/corpus.hpp"
#include "tests/codec/pieces.hpp"
#include "tests/support/seed.hpp"

namespace logdist::codec {
namespace {

using namespace logdist::test;

/// The actions of a body: "2 index, 1 delete".
std::string list_of(const std::vector<BulkActions>& actions) {
  std::string text;
  for (const auto& [action, count] : actions) {
    const char* const names[] = {"index", "create", "update", "delete"};
    if (!text.empty()) text += ", ";
    text += std::to_string(count) + " " + names[static_cast<int>(action)];
  }
  return text;
}

class Bulk : public ::testing::Test {
 protected:
  std::string actions(const std::string& body) {
    const Outcome outcome = bodies_.decode(Format::bulk, body);
    if (!outcome.accepted) return outcome.error.detail;
    std::uint32_t sum = 0;
    for (const BulkActions& run : outcome.actions) sum += run.count;
    EXPECT_EQ(outcome.messages, sum);
    return list_of(outcome.actions);
  }

  void expect_error(const std::string& body, DecodeErrorCode code, const std::string& detail, std::size_t offset,
                    std::uint32_t message) {
    const Outcome outcome = bodies_.decode(Format::bulk, body);
    EXPECT_FALSE(outcome.accepted) << body;
    EXPECT_EQ(outcome.error.code, code) << body;
    EXPECT_EQ(outcome.error.detail, detail) << body;
    EXPECT_EQ(outcome.error.offset, offset) << body;
    EXPECT_EQ(outcome.error.message, message) << body;
  }

  WholeAndPieces bodies_;
};

const std::string index = R"({"index":{"_index":"logs"}})"
                          "\n";
const std::string source = R"({"message":"a","took":12.5})"
                           "\n";

TEST_F(Bulk, IsPairsOfLines) {
  EXPECT_EQ(actions(index + source), "1 index");
  EXPECT_EQ(actions(index + source + index + source + "{\"create\":{}}\n{}\n" + index + source),
            "2 index, 1 create, 1 index");
  EXPECT_EQ(actions("{\"delete\":{\"_id\":\"1\"}}\n{\"delete\":{\"_id\":\"2\"}}\n" + index + source),
            "2 delete, 1 index");
  EXPECT_EQ(actions("{\"update\":{\"_id\":\"1\"}}\n{\"doc\":{}}\n"), "1 update");
}

TEST_F(Bulk, MayBeWrittenInOtherWays) {
  EXPECT_EQ(actions(index + R"({"a":1})"), "1 index") << "without a last line feed";
  EXPECT_EQ(actions("{\"index\":{}}\r\n{\"a\":1}\r\n\r\n \n" + index + source), "2 index")
      << "blank lines between pairs";
  EXPECT_EQ(actions(" { \"\\u0069ndex\" : { } } \n  {\"a\":1}\n"), "1 index");
  EXPECT_EQ(actions("{\"index\":{\"version\":123456789012345678901234567890}}\n"
                    "{\"big\":1.23456789012345678901234567890}\n"),
            "1 index");
}

TEST_F(Bulk, WithoutActionsIsNone) {
  expect_error("", DecodeErrorCode::no_data, "there are no actions", 0, 0);
  expect_error("\n\r\n ", DecodeErrorCode::no_data, "there are no actions", 4, 0);
}

TEST_F(Bulk, SaysWhatIsWrongAndWhere) {
  const auto wrong = [this](const std::string& body, const std::string& detail, std::size_t offset,
                            std::uint32_t message = 0) {
    expect_error(body, DecodeErrorCode::invalid_body, detail, offset, message);
  };
  const std::string names = "an action must have exactly one of `index`, `create`, `update`, `delete`";
  wrong(index, "the last action has no source", index.size());
  wrong(index + source + index, "the last action has no source", 2 * index.size() + source.size(), 1);
  wrong(index + "\n" + source, "line 2: the source of an action must be an object", index.size());
  wrong(index + " [1]\n", "line 2: the source of an action must be an object", index.size() + 1);
  wrong(index + "{\"a\":}\n", "line 2: not JSON: unexpected character '}'", index.size() + 5);
  wrong(index + "{\"a\":1} x\n", "line 2: not JSON: more after its end", index.size() + 8);
  wrong(source + source, "line 1: " + names, 1);
  wrong("{}\n{}\n", "line 1: " + names, 1);
  wrong("[]\n", "line 1: an action must be an object; it is an array", 0);
  wrong(index + source + "{\"index\":{},\"create\":{}}\n{}\n", "line 3: " + names, index.size() + source.size() + 12,
        1);
  wrong("{\"index\":null}\n{}\n", "line 1: what an action has must be an object; it is null", 9);
  wrong(index + source + "{\"index\":{}} {}\n{}\n", "line 3: not JSON: more after its end",
        index.size() + source.size() + 13, 1);
}

TEST_F(Bulk, RemembersNothingOfTheBodyBefore) {
  for (int i = 0; i < 2; ++i) {
    expect_error("{\"index\\x\":{}}\n{}\n", DecodeErrorCode::invalid_body, "line 1: not JSON: unexpected character 'x'",
                 8, 0);
    expect_error("{\"\":{}}\n{}\n", DecodeErrorCode::invalid_body,
                 "line 1: an action must have exactly one of `index`, `create`, `update`, `delete`", 1, 0);
  }
}

TEST_F(Bulk, HasSoManyActions) {
  std::string body;
  for (std::uint32_t i = 0; i < BulkDecoder::actions_max; ++i) body += "{\"delete\":{}}\n";
  EXPECT_EQ(actions(body), "100000 delete");
  const std::size_t begin = body.size();
  body += "{\"delete\":{}}";
  expect_error(body, DecodeErrorCode::too_many, "line 100001: more than 100000 actions", begin, 100'000);
}

TEST_F(Bulk, HasActionsOfSoManyBytes) {
  const auto action = [](std::size_t size) { return "{\"delete\":{\"_id\":\"" + std::string(size - 21, 'x') + "\"}}"; };
  EXPECT_EQ(actions(action(BulkDecoder::action_bytes_max) + "\n"), "1 delete");
  EXPECT_EQ(actions("  " + action(BulkDecoder::action_bytes_max)), "1 delete");
  expect_error(action(BulkDecoder::action_bytes_max + 1), DecodeErrorCode::invalid_body,
               "line 1: an action of more than 65536 bytes", 0, 0);
}

TEST_F(Bulk, IsTheSameWhereverItIsCut) {
  const std::string body = "\n" + index + source + "{\"create\":{}}\r\n {\"a\":1}\r\n" + index + "{}";
  const Decoder decoder;
  for (std::size_t first = 0; first <= body.size(); ++first) {
    for (std::size_t second = first; second <= body.size(); ++second) {
      const auto reader = decoder.in_pieces(Format::bulk);
      EXPECT_TRUE(reader->feed(body.substr(0, first)));
      EXPECT_TRUE(reader->feed(body.substr(first, second - first)));
      EXPECT_TRUE(reader->feed(body.substr(second)));
      const Outcome outcome = outcome_of(reader->finish());
      ASSERT_EQ(list_of(outcome.actions), "1 index, 1 create, 1 index") << first << ", " << second;
    }
  }
}

TEST_F(Bulk, IsTheSameInPiecesWhateverItIs) {
  Random random(draw_seed());
  WholeAndPieces bodies(random.next());
  const std::vector<std::string> seeds{index + source, "{\"delete\":{}}\n{\"delete\":{}}\n",
                                       index + source + index + "{}",
                                       "{\"create\":{}}\r\n{\"a\":[1,{}]}\r\n\r\n{\"update\":{}}\n{\"doc\":{}}"};
  int accepted = 0;
  for (int i = 0; i < 10'000 && !HasFailure(); ++i) {
    std::string body = seeds[random.below(seeds.size())] + seeds[random.below(seeds.size())];
    for (std::uint64_t times = random.below(3); times > 0; --times) mutate(body, seeds, random);
    const Outcome outcome = bodies.decode(Format::bulk, body);
    if (HasFailure()) std::cout << printable(body) << '\n';
    if (outcome.error.detail.find("exponent") == std::string::npos && outcome.accepted) ++accepted;
  }
  EXPECT_GT(accepted, 1'000);
}

}  // namespace
}  // namespace logdist::codec
