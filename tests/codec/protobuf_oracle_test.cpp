// The walk against libprotobuf: random bodies of every known field and some others, and what small changes
// make of them. LOGDIST_MUTATIONS: how many.
#include <gtest/gtest.h>

#include <google/protobuf/io/coded_stream.h>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "codec/protobuf_decoder.hpp"
#include "loki_push.pb.h"
#include "otlp_logs.pb.h"
#include "tests/codec/pieces.hpp"
#include "tests/codec/wire.hpp"
#include "tests/support/seed.hpp"

namespace logdist::codec {
namespace {

using namespace logdist::test;

std::size_t count_of(const otlp::ExportLogsRequest& request) {
  std::size_t count = 0;
  for (const auto& resource : request.resource_logs()) {
    for (const auto& scope : resource.scope_logs()) count += static_cast<std::size_t>(scope.log_records_size());
  }
  return count;
}

std::size_t count_of(const loki::PushRequest& request) {
  std::size_t count = 0;
  for (const auto& stream : request.streams()) count += static_cast<std::size_t>(stream.entries_size());
  return count;
}

template <typename Request>
std::optional<std::size_t> parse(const std::string& body) {
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(body.data()),
                                               static_cast<int>(body.size()));
  input.SetRecursionLimit(static_cast<int>(max_depth));
  Request request;
  if (!request.ParseFromCodedStream(&input) || !input.ConsumedEntireMessage()) return std::nullopt;
  return count_of(request);
}

/// Writes random messages of a schema, mostly as its own encoders would.
class Writer {
 public:
  Writer(const ProtobufSchema& schema, Random& random) : schema_(schema), random_(random) {}

  std::string body() { return message(1, 0); }

 private:
  std::string message(std::uint8_t type, std::size_t depth) {
    std::string content;
    for (std::uint64_t fields = random_.below(depth < 4 ? 6 : 3); fields > 0; --fields) content += one(type, depth);
    return content;
  }

  std::string one(std::uint8_t type, std::size_t depth) {
    std::uint64_t number = random_.below(40) == 0 ? 1 + random_.below(2'000) : 1 + random_.below(12);
    if (random_.below(2) == 0) number = message_field(type);
    const std::uint8_t inner = number < 16 ? schema_.messages[type][number] : 0;
    if (inner != 0 && random_.below(8) != 0) {
      return depth > 12 ? field(number, "") : field(number, message(inner, depth + 1), length());
    }
    switch (random_.below(12)) {
      case 0: return tag(number, 1, length()) + std::string(8, 'f');
      case 1: return tag(number, 5) + std::string(4, 'f');
      case 2: return depth > 12 ? "" : group(number, message(type, depth + 1));
      case 3:
      case 4:
      case 5: return tag(number, 0) + varint(random_.next() >> random_.below(64), random_.below(11));
      default: return field(number, std::string(inner != 0 ? 0 : random_.below(20), 's'), length());
    }
  }

  /// The number of a field that is a message; any where there is none.
  std::uint64_t message_field(std::uint8_t type) {
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t number = 1; number < 16; ++number) {
      if (schema_.messages[type][number] != 0) numbers.push_back(number);
    }
    return numbers.empty() ? 1 : numbers[random_.below(numbers.size())];
  }

  std::size_t length() { return random_.below(10) == 0 ? 1 + random_.below(5) : 1; }

  const ProtobufSchema& schema_;
  Random& random_;
};

void mutate(std::string& body, Random& random) {
  const std::size_t at = random.below(body.size() + 1);
  switch (random.below(6)) {
    case 0:
      if (at < body.size()) body[at] = static_cast<char>(random.below(256));
      break;
    case 1: body.erase(at, random.below(4) + 1); break;
    case 2: body.insert(at, 1, static_cast<char>(random.below(256))); break;
    case 3: body.resize(at); break;
    case 4: {
      const std::string piece = body.substr(at, random.below(24));
      body.insert(random.below(body.size() + 1), piece);
      break;
    }
    default:
      if (at < body.size())
        body[at] = static_cast<char>(static_cast<unsigned char>(body[at]) ^ (1U << random.below(8)));
  }
}

template <typename Request>
void compare(Format format, const ProtobufSchema& schema) {
  const char* const wanted = std::getenv("LOGDIST_MUTATIONS");
  const std::uint64_t bodies = wanted != nullptr ? std::stoull(wanted) : 10'000;
  Random random(draw_seed());
  Writer writer(schema, random);
  WholeAndPieces decoder(random.next());
  std::uint64_t accepted = 0;
  std::uint64_t messages = 0;
  for (std::uint64_t i = 0; i < bodies && !::testing::Test::HasFailure(); ++i) {
    std::string body = writer.body();
    for (std::uint64_t times = random.below(3); times > 0; --times) mutate(body, random);
    const auto expected = parse<Request>(body);
    const Outcome outcome = decoder.decode(format, body);
    ASSERT_EQ(outcome.accepted, expected.has_value()) << "body " << i << ": " << outcome.error.detail;
    ASSERT_EQ(outcome.messages, expected.value_or(0)) << "body " << i;
    accepted += expected ? 1U : 0U;
    messages += outcome.messages;
  }
  std::cout << accepted << " of " << bodies << " accepted, with " << messages << " messages\n";
  EXPECT_GT(accepted, bodies / 3) << "too few to mean much";
  EXPECT_LT(accepted, bodies * 9 / 10) << "too few that are refused";
  EXPECT_GT(messages, bodies / 10);
}

TEST(ProtobufOracle, AgreesOnOtlp) { compare<otlp::ExportLogsRequest>(Format::otlp_protobuf, otlp_schema); }

TEST(ProtobufOracle, AgreesOnLoki) { compare<loki::PushRequest>(Format::loki_protobuf, loki_schema); }

}  // namespace
}  // namespace logdist::codec
