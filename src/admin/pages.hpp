// What there is to GET on the admin port.
#pragma once

#include <optional>
#include <string_view>

#include "admin/replies.hpp"

namespace logdist::admin {

enum class Page { dashboard, healthz, readyz, metrics, status, events };

/// The path of a request's target, which is a path or a whole URL, without its
/// query; empty when it is neither.
std::string_view path_of(std::string_view target);

/// The page there; Page::dashboard for each of its files.
std::optional<Page> find_page(std::string_view path);

/// 200 with the dashboard's file at `path`. They are part of the program and need
/// nothing from elsewhere; the browser is told to allow them nothing else.
Response dashboard_file(std::string_view path);

}  // namespace logdist::admin
