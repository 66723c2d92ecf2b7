// What there is to GET on the admin port.
#pragma once

#include <optional>
#include <string_view>

#include "admin/replies.hpp"

namespace logdist::admin {

enum class Page { dashboard, healthz, readyz, metrics, status, events, openapi };

/// The page there; Page::dashboard for each of its files.
std::optional<Page> find_page(std::string_view path);

/// Whether it is more than a few words: counters of the whole daemon, a document or a file.
constexpr bool is_costly(Page page) { return page != Page::healthz && page != Page::readyz && page != Page::events; }

/// 200 with the OpenAPI document of both ports.
Response openapi_document();

/// 200 with the dashboard's file at `path`. They are part of the program and need
/// nothing from elsewhere; the browser is told to allow them nothing else.
Response dashboard_file(std::string_view path);

}  // namespace logdist::admin
