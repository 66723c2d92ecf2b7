// Acknowledgements of Splunk's HTTP Event Collector, as they are asked for and answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/http/request_parser.hpp"
#include "logdist/ingest/dialects/answers.hpp"

namespace logdist::ingest {

/// Longest body of a question; also of its content, where it is compressed. It bounds the answer.
inline constexpr std::size_t ack_query_bytes_max = 16 * 1024;

/// The channel that a request names: X-Splunk-Request-Channel, else `channel` of its query, unescaped. None: it names
/// none, or an empty one.
std::optional<std::string> hec_channel(const http::RequestHead& head);

/// The ids of `{"acks":[0,1]}`, in order, each once. None: it is something else.
std::optional<std::vector<std::uint64_t>> parse_ack_query(std::string_view body);

/// `{"acks":{"0":true,"1":false}}`
Reply ack_reply(const std::vector<std::uint64_t>& ids, const std::vector<bool>& delivered);

}  // namespace logdist::ingest
