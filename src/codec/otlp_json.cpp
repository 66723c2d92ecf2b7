// Format::otlp_json: ExportLogsServiceRequest as JSON. The other keys are those that JSON of protobuf may have
// as well, if not that of OTLP. Ids, and all else within a record, are the analyzer's business.
#include "codec/json_layout.hpp"

namespace logdist::codec {
namespace {

constexpr LayoutValue otlp_record{.name = "a log record", .kinds = {Kind::object}, .counted = {Kind::object}};
constexpr LayoutValue otlp_records{.name = "`logRecords`", .kinds = {Kind::array, Kind::null}, .element = &otlp_record};
constexpr LayoutMember otlp_scope_members[] = {
    {.key = "logRecords", .value = &otlp_records, .other_key = "log_records"}};
constexpr LayoutValue otlp_scope{
    .name = "an element of `scopeLogs`", .kinds = {Kind::object}, .members = otlp_scope_members};
constexpr LayoutValue otlp_scopes{.name = "`scopeLogs`", .kinds = {Kind::array, Kind::null}, .element = &otlp_scope};
constexpr LayoutMember otlp_resource_members[] = {
    {.key = "scopeLogs", .value = &otlp_scopes, .other_key = "scope_logs"}};
constexpr LayoutValue otlp_resource{
    .name = "an element of `resourceLogs`", .kinds = {Kind::object}, .members = otlp_resource_members};
constexpr LayoutValue otlp_resources{
    .name = "`resourceLogs`", .kinds = {Kind::array, Kind::null}, .element = &otlp_resource};
constexpr LayoutMember otlp_members[] = {
    {.key = "resourceLogs", .value = &otlp_resources, .other_key = "resource_logs"}};
constexpr LayoutValue otlp_request{.name = "the body", .kinds = {Kind::object}, .members = otlp_members};

}  // namespace

const Layout otlp_json_layout{.root = &otlp_request, .may_be_empty = true};

}  // namespace logdist::codec
