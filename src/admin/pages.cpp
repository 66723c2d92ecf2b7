#include "admin/pages.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include <boost/beast/http/field.hpp>

#include "admin/dashboard_files.hpp"
#include "admin/openapi_file.hpp"
#include "logdist/base/check.hpp"

namespace logdist::admin {
namespace {

constexpr std::pair<std::string_view, Page> pages[] = {
    {"/healthz", Page::healthz},      {"/health", Page::healthz},   {"/readyz", Page::readyz},
    {"/metrics", Page::metrics},      {"/v1/status", Page::status}, {"/v1/events", Page::events},
    {"/openapi.json", Page::openapi},
};

struct File {
  std::string_view path;
  std::string_view content_type;
  const std::string_view* body;
};

constexpr std::string_view script_type = "text/javascript; charset=utf-8";

constexpr File files[] = {
    {"/", "text/html; charset=utf-8", &dashboard_html},
    {"/dashboard.css", "text/css; charset=utf-8", &dashboard_css},
    {"/dashboard.svg", "image/svg+xml", &dashboard_svg},
    {"/dashboard.mjs", script_type, &dashboard_mjs},
    {"/dashboard_model.mjs", script_type, &dashboard_model_mjs},
    {"/dashboard_parts.mjs", script_type, &dashboard_parts_mjs},
    {"/dashboard_view.mjs", script_type, &dashboard_view_mjs},
    {"/dashboard_words.mjs", script_type, &dashboard_words_mjs},
};

/// Nothing but these files and this port; in no other page's frame.
constexpr std::string_view content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

const File* find_file(std::string_view path) {
  const auto* const file =
      std::find_if(std::begin(files), std::end(files), [path](const File& known) { return known.path == path; });
  return file == std::end(files) ? nullptr : file;
}

}  // namespace

std::optional<Page> find_page(std::string_view path) {
  if (find_file(path) != nullptr) return Page::dashboard;
  const auto* const page =
      std::find_if(std::begin(pages), std::end(pages), [path](const auto& known) { return known.first == path; });
  return page == std::end(pages) ? std::nullopt : std::optional(page->second);
}

Response openapi_document() { return ok("application/json", std::string(openapi_json)); }

Response dashboard_file(std::string_view path) {
  const File* const file = find_file(path);
  LOGDIST_CHECK(file != nullptr);
  Response response = ok(file->content_type, std::string(*file->body));
  response.set("Content-Security-Policy", content_security_policy);
  response.set("Referrer-Policy", "no-referrer");
  return response;
}

}  // namespace logdist::admin
