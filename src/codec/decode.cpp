#include "logdist/codec/decode.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "codec/long_number.hpp"
#include "codec/packet_schema.hpp"
#include "codec/strict_validator.hpp"

namespace logdist::codec {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
/// A line up to this long is judged sooner than simdjson has begun with it.
constexpr std::size_t short_line_max = 24;

/// How many messages `messages` holds; none when it is empty or one of them is
/// neither an object nor a string.
std::optional<std::uint32_t> count_messages(const dom::array& messages) {
  std::uint32_t count = 0;
  for (const dom::element message : messages) {
    const dom::element_type type = message.type();
    if (type != dom::element_type::OBJECT && type != dom::element_type::STRING) return std::nullopt;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return count;
}

/// Reads the fields of a packet; none when a rule does not hold.
std::optional<Decoded> read_packet(const dom::object& packet) {
  Decoded decoded;
  std::array<bool, field_count> seen{};
  for (const dom::key_value_pair pair : packet) {
    const Field field = field_of(pair.key);
    if (field == Field::other) continue;
    if (std::exchange(seen[static_cast<std::size_t>(field)], true)) return std::nullopt;
    if (field == Field::messages) {
      dom::array messages;
      if (pair.value.get(messages) != simdjson::SUCCESS) return std::nullopt;
      const auto count = count_messages(messages);
      if (!count) return std::nullopt;
      decoded.messages = *count;
    } else {
      std::string_view text;
      if (pair.value.get(text) != simdjson::SUCCESS) return std::nullopt;
      if (field == Field::packet_id) {
        if (!is_valid_id(text)) return std::nullopt;
        decoded.packet_id = text;
      }
    }
  }
  if (decoded.messages == 0) return std::nullopt;
  return decoded;
}

bool is_json_whitespace(char byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; }

}  // namespace

bool is_valid_id(std::string_view id) {
  const auto is_visible = [](char byte) { return byte >= 0x21 && byte <= 0x7e; };
  return !id.empty() && id.size() <= max_id_length && std::all_of(id.begin(), id.end(), is_visible);
}

/// simdjson's memory, and the id that outlives a decode.
struct Decoder::Scratch {
  Scratch() { renew(); }

  /// Gives all memory back. To simdjson a depth of 64 means 63 levels, and one
  /// more when it is empty. Its 65 would let an empty 65th level pass; what its 64
  /// refuses wrongly, the judge accepts.
  void renew() {
    parser = dom::parser();
    if (parser.allocate(0, max_depth) != simdjson::SUCCESS) throw std::bad_alloc();
  }

  DecodeResult decode_json(std::string_view text);
  DecodeResult decode_lines(std::string_view text);
  std::optional<Decoded> read_quickly(std::string_view text);
  std::optional<DecodeError> check_line(std::string_view line, bool long_numbers);

  dom::parser parser;
  StrictValidator values;
  std::string packet_id;
};

/// Reads `text`, which has padding behind it; none when it must be judged.
std::optional<Decoded> Decoder::Scratch::read_quickly(std::string_view text) {
  dom::element root;
  if (parser.parse(text.data(), text.size(), false).get(root) != simdjson::SUCCESS) return std::nullopt;
  dom::object packet;
  if (root.get(packet) == simdjson::SUCCESS) return read_packet(packet);
  dom::array messages;
  if (root.get(messages) != simdjson::SUCCESS) return std::nullopt;
  const auto count = count_messages(messages);
  if (!count) return std::nullopt;
  return Decoded{*count, {}};
}

DecodeResult Decoder::Scratch::decode_json(std::string_view text) {
  if (auto decoded = may_have_long_number(text) ? std::nullopt : read_quickly(text)) {
    packet_id = decoded->packet_id;  // the tape's strings go with the next parse or renew()
    decoded->packet_id = packet_id;
    return *decoded;
  }
  const auto messages = validate_strictly(text, packet_id);
  if (!messages) return messages.error();
  return Decoded{*messages, packet_id};
}

/// The first fault of a line of NDJSON. `long_numbers`: the body may have some.
std::optional<DecodeError> Decoder::Scratch::check_line(std::string_view line, bool long_numbers) {
  const bool quick = line.size() > short_line_max && !(long_numbers && may_have_long_number(line));
  // The bytes of the lines below, or of the body's own padding, are the line's padding.
  if (quick && parser.parse(line.data(), line.size(), false).error() == simdjson::SUCCESS) return std::nullopt;
  return values.validate(line);
}

DecodeResult Decoder::Scratch::decode_lines(std::string_view text) {
  const bool long_numbers = may_have_long_number(text);
  Decoded decoded;
  std::size_t line_number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    ++line_number;
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (!std::all_of(line.begin(), line.end(), is_json_whitespace)) {
      if (const auto error = check_line(line, long_numbers)) {
        return DecodeError{error->code, fmt::format("line {}: {}", line_number, error->detail), begin + error->offset};
      }
      ++decoded.messages;
    }
    begin = end + 1;
  }
  if (decoded.messages == 0)
    return DecodeError{DecodeErrorCode::invalid_body, "there are no messages: no line holds one", 0};
  return decoded;
}

Decoder::Decoder() : scratch_(std::make_unique<Scratch>()) {}
Decoder::~Decoder() = default;

DecodeResult Decoder::decode(Format format, const core::Buffer& body) {
  const std::string_view text = body.view();
  if (text.starts_with(byte_order_mark)) {
    return DecodeError{DecodeErrorCode::invalid_body, "the body begins with a byte order mark; send UTF-8 without one",
                       0};
  }
  DecodeResult result = format == Format::json ? scratch_->decode_json(text) : scratch_->decode_lines(text);
  if (scratch_->parser.capacity() > max_kept_body) scratch_->renew();
  return result;
}

std::size_t Decoder::kept_capacity() const { return scratch_->parser.capacity(); }

}  // namespace logdist::codec
