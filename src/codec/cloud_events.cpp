// Format::cloud_event, Format::cloud_event_batch: structured CloudEvents.
#include "codec/json_layout.hpp"

namespace logdist::codec {
namespace {

constexpr LayoutValue cloud_event{.name = "a CloudEvent", .kinds = {Kind::object}, .counted = {Kind::object}};
constexpr LayoutValue cloud_events{.name = "a batch of CloudEvents", .kinds = {Kind::array}, .element = &cloud_event};

}  // namespace

const Layout cloud_event_layout{.root = &cloud_event};
const Layout cloud_event_batch_layout{.root = &cloud_events, .may_be_empty = true};

}  // namespace logdist::codec
