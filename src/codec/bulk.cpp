#include "codec/bulk.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "codec/layout_walk.hpp"

namespace logdist::codec {
namespace {

/// A line up to this long is validated strictly sooner than JsonScan has begun with it.
constexpr std::size_t short_bulk_line_max = 24;

constexpr LayoutValue bulk_metadata{.name = "what an action has", .kinds = {Kind::object}};
/// In the order of BulkAction.
constexpr LayoutMember bulk_members[] = {{.key = "index", .value = &bulk_metadata},
                                         {.key = "create", .value = &bulk_metadata},
                                         {.key = "update", .value = &bulk_metadata},
                                         {.key = "delete", .value = &bulk_metadata}};
constexpr LayoutValue bulk_action{
    .name = "an action", .kinds = {Kind::object}, .exactly_one_member = true, .members = bulk_members};

/// Bytes before the first that is not blank.
std::size_t leading_blanks(std::string_view line) { return std::min(line.find_first_not_of(" \t\r"), line.size()); }

DecodeError of_bulk(std::string_view detail, std::size_t offset = 0) {
  return {DecodeErrorCode::invalid_body, std::string(detail), offset};
}

DecodeError no_object() { return of_bulk("the source of an action must be an object"); }
DecodeError too_long() {
  return of_bulk(fmt::format("an action of more than {} bytes", BulkDecoder::action_bytes_max));
}
DecodeError too_many() {
  return {DecodeErrorCode::too_many, fmt::format("more than {} actions", BulkDecoder::actions_max), 0};
}

/// `wants_source`: there is one action more, which is not counted.
DecodeResult end_of_bulk(const BulkActionList& actions, bool wants_source, std::size_t body_size) {
  if (wants_source) {
    DecodeError error = of_bulk("the last action has no source", body_size);
    error.message = actions.count() - 1;
    return error;
  }
  if (actions.count() == 0) return DecodeError{DecodeErrorCode::no_data, "there are no actions", body_size};
  return Decoded{actions.count(), {}, actions.runs()};
}

/// `offset`: where the line begins, or the part of it that was looked at.
DecodeError of_bulk_line(DecodeError error, std::size_t line_number, std::size_t offset, std::uint32_t message) {
  return {error.code, fmt::format("line {}: {}", line_number, error.detail), offset + error.offset, message};
}

/// Lines whose ends come later. Only the line of an action is kept, until it is whole.
class BulkReader final : public BodyReader {
 public:
  bool feed(std::string_view piece) override {
    for (std::size_t begin = 0; begin < piece.size() && !error_;) {
      const std::size_t end = std::min(piece.find('\n', begin), piece.size());
      take(piece.substr(begin, end - begin), end < piece.size(), size_ + begin);
      begin = end + 1;
    }
    size_ += piece.size();
    return !error_;
  }

  DecodeResult finish() override {
    if (!error_ && (in_line_ || !action_.empty())) take({}, true, size_);
    if (error_) return *error_;
    return end_of_bulk(actions_, wants_source_, size_);
  }

 private:
  /// A part of a line, from byte `begin` of the body on; its last one when it `ends`.
  void take(std::string_view part, bool ends, std::size_t begin) {
    if (!in_line_) {
      const std::size_t blanks = leading_blanks(part);
      part.remove_prefix(blanks);
      begin += blanks;
    }
    if (!in_line_) line_begin_ = begin;
    const std::uint32_t message = actions_.count() - (wants_source_ ? 1 : 0);
    if (!wants_source_) begin = line_begin_;
    auto error = wants_source_ ? take_source(part, ends) : take_action(part, ends);
    if (error) error_ = of_bulk_line(std::move(*error), line_number_, begin, message);
    in_line_ = !ends && (in_line_ || !part.empty());
    line_number_ += ends ? 1 : 0;
  }

  std::optional<DecodeError> take_source(std::string_view part, bool ends) {
    if (!in_line_) {
      if (part.empty() && !ends) return std::nullopt;
      if (!part.starts_with('{')) return no_object();
      source_validator_.begin();
    }
    if (ends) wants_source_ = false;
    return source_validator_.validate_part(part, ends);
  }

  std::optional<DecodeError> take_action(std::string_view part, bool ends) {
    if (action_.size() + part.size() > BulkDecoder::action_bytes_max) return too_long();
    if (!ends) {
      action_ += part;
      return std::nullopt;
    }
    const std::string_view line = action_.empty() ? part : std::string_view(action_ += part);
    if (line.empty()) return std::nullopt;
    if (actions_.count() == BulkDecoder::actions_max) return too_many();
    if (line != last_line_) {
      if (auto error = validator_.validate(line)) return error;
      last_line_ = line;
    }
    action_.clear();
    const auto action = static_cast<BulkAction>(validator_.root_member());
    actions_.add(action);
    wants_source_ = action != BulkAction::remove;
    return std::nullopt;
  }

  LayoutValidator validator_{bulk_action_layout};
  StrictValidator source_validator_;
  BulkActionList actions_;
  std::string action_;         ///< the line of one, as far as it came
  std::string last_line_;      ///< the action that came last
  bool wants_source_ = false;  ///< the line is one
  bool in_line_ = false;       ///< not only blanks came of it so far
  std::size_t line_number_ = 1;
  std::size_t line_begin_ = 0;  ///< behind the blanks
  std::size_t size_ = 0;        ///< of the pieces before
  std::optional<DecodeError> error_;
};

}  // namespace

const Layout bulk_action_layout{.root = &bulk_action};

void BulkActionList::clear() {
  runs_.clear();
  count_ = 0;
}

void BulkActionList::add(BulkAction action) {
  if (runs_.empty() || runs_.back().action != action) runs_.push_back({action, 0});
  ++runs_.back().count;
  ++count_;
}

/// One that is not the same as the last.
BulkActionResult BulkDecoder::read_action(std::string_view line) {
  // The bytes of the lines below, or of the body's own padding, are the line's padding.
  LayoutWalk walk(scan_);
  if (scan_.begin(line) && walk.walk(bulk_action) && scan_.ends()) return static_cast<BulkAction>(walk.member());
  if (auto error = action_validator_.validate(line)) return std::move(*error);
  return static_cast<BulkAction>(action_validator_.root_member());
}

std::optional<DecodeError> BulkDecoder::check_source(std::string_view line) {
  if (!line.starts_with('{')) return no_object();
  if (line.size() > short_bulk_line_max && scan_.is_one_value(line)) return std::nullopt;
  return source_validator_.validate(line);
}

/// Without blanks before it.
std::optional<DecodeError> BulkDecoder::take_line(std::string_view line) {
  if (std::exchange(wants_source_, false)) return check_source(line);
  if (line.empty()) return std::nullopt;
  if (line.size() > action_bytes_max) return too_long();
  if (actions_.count() == actions_max) return too_many();
  if (line != last_line_) {
    const BulkActionResult action = read_action(line);
    if (!action) return action.error();
    last_line_ = line;
    last_action_ = *action;
  }
  actions_.add(last_action_);
  wants_source_ = last_action_ != BulkAction::remove;
  return std::nullopt;
}

DecodeResult BulkDecoder::decode(std::string_view body) {
  actions_.clear();
  wants_source_ = false;
  last_line_ = {};
  std::size_t line_number = 0;
  for (std::size_t begin = 0; begin < body.size();) {
    ++line_number;
    const std::size_t end = std::min(body.find('\n', begin), body.size());
    const std::string_view line = body.substr(begin, end - begin);
    const std::size_t blanks = leading_blanks(line);
    const std::uint32_t message = actions_.count() - (wants_source_ ? 1 : 0);
    if (auto error = take_line(line.substr(blanks))) {
      return of_bulk_line(std::move(*error), line_number, begin + blanks, message);
    }
    begin = end + 1;
  }
  return end_of_bulk(actions_, wants_source_, body.size());
}

std::unique_ptr<BodyReader> BulkDecoder::in_pieces() const { return std::make_unique<BulkReader>(); }

}  // namespace logdist::codec
