// Format::datadog: an array of objects, or objects one behind the other. One without members says only that
// the agent is alive.
#include "codec/json_layout.hpp"

namespace logdist::codec {
namespace {

constexpr LayoutValue datadog_item{.name = "an item", .kinds = {Kind::object}, .counted = {Kind::object}};
constexpr LayoutValue datadog_root{.name = "the body",
                                   .kinds = {Kind::object, Kind::array},
                                   .counted = {Kind::object},
                                   .counted_empty = false,
                                   .element = &datadog_item};

}  // namespace

const Layout datadog_layout{.root = &datadog_root, .in_a_row = true, .may_be_empty = true};

}  // namespace logdist::codec
