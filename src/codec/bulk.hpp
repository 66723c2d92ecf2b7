// Format::bulk: the lines of Elasticsearch's `_bulk`: an action, and the source of all but `delete` in the next.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "codec/format_decoder.hpp"
#include "codec/json_layout.hpp"
#include "codec/layout_reader.hpp"
#include "codec/strict_validator.hpp"
#include "logdist/codec/json/json_scan.hpp"

namespace logdist::codec {

/// What is wrong with a line, or what it says.
using BulkActionResult = boost::system::result<BulkAction, DecodeError>;

/// The actions of a body, equal ones in a row together.
class BulkActionList {
 public:
  void clear();
  void add(BulkAction action);

  std::uint32_t count() const { return count_; }
  std::span<const BulkActions> runs() const { return runs_; }

 private:
  std::vector<BulkActions> runs_;
  std::uint32_t count_ = 0;
};

class BulkDecoder final : public FormatDecoder {
 public:
  /// Actions in a body, and bytes in the line of one, at most.
  static constexpr std::uint32_t actions_max = 100'000;
  static constexpr std::size_t action_bytes_max = std::size_t{64} << 10;

  /// `scan` outlives it.
  explicit BulkDecoder(JsonScan& scan) : scan_(scan) {}

  /// `actions` are valid until the next.
  DecodeResult decode(std::string_view body) override;
  std::unique_ptr<BodyReader> in_pieces() const override;

 private:
  std::optional<DecodeError> take_line(std::string_view line);
  BulkActionResult read_action(std::string_view line);
  std::optional<DecodeError> check_source(std::string_view line);

  JsonScan& scan_;
  LayoutValidator action_validator_{bulk_action_layout};
  StrictValidator source_validator_;
  BulkActionList actions_;
  bool wants_source_ = false;   ///< the next line is one
  std::string_view last_line_;  ///< the action that came last
  BulkAction last_action_ = BulkAction::index;
};

}  // namespace logdist::codec
