// Format::loki_json: {"streams":[{"values":[["time","line",{"name":"value"}]]}]}, without the object, too.
#include "codec/json_layout.hpp"

namespace logdist::codec {
namespace {

constexpr LayoutValue loki_time{.name = "the time of an entry", .kinds = {Kind::string}};
constexpr LayoutValue loki_line{.name = "the line of an entry", .kinds = {Kind::string}};
constexpr LayoutValue loki_metadata{.name = "the metadata of an entry", .kinds = {Kind::object}};
constexpr const LayoutValue* loki_positions[] = {&loki_time, &loki_line, &loki_metadata};
constexpr LayoutValue loki_entry{.name = "an entry",
                                 .kinds = {Kind::array},
                                 .counted = {Kind::array},
                                 .positions = loki_positions,
                                 .positions_least = 2};
constexpr LayoutValue loki_values{.name = "`values`", .kinds = {Kind::array, Kind::null}, .element = &loki_entry};
constexpr LayoutMember loki_stream_members[] = {{.key = "values", .value = &loki_values}};
constexpr LayoutValue loki_stream{.name = "a stream", .kinds = {Kind::object}, .members = loki_stream_members};
constexpr LayoutValue loki_streams{.name = "`streams`", .kinds = {Kind::array, Kind::null}, .element = &loki_stream};
constexpr LayoutMember loki_members[] = {
    {.key = "streams", .value = &loki_streams, .need = LayoutMember::Need::unless_empty}};
constexpr LayoutValue loki_push{.name = "the body", .kinds = {Kind::object}, .members = loki_members};

}  // namespace

const Layout loki_json_layout{.root = &loki_push, .may_be_empty = true};

}  // namespace logdist::codec
