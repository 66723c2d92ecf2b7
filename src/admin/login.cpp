#include "admin/login.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <boost/url/parse_query.hpp>

#include "admin/control_calls.hpp"
#include "admin/dashboard_files.hpp"
#include "admin/rights.hpp"
#include "logdist/http/media_type.hpp"
#include "logdist/http/text.hpp"

namespace logdist::admin {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view cookie_name = "logdist_token";
constexpr std::string_view note_mark = "<!--note-->";

/// Nothing but its style and its own answer; in no other page's frame.
constexpr std::string_view login_policy =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What a cookie may hold (RFC 6265, 4.1.1).
bool fits_a_cookie(std::string_view token) {
  return !token.empty() && std::ranges::all_of(token, [](char letter) {
    return letter > ' ' && letter < 0x7f && std::string_view("\",;\\").find(letter) == std::string_view::npos;
  });
}

/// The value of a field of a form, as browsers send it (application/x-www-form-urlencoded).
std::string form_value(std::string_view form, std::string_view name) {
  const auto fields = boost::urls::parse_query({form.data(), form.size()});
  if (!fields) return {};
  const auto field = fields->find({name.data(), name.size()});
  if (field == fields->end()) return {};
  boost::urls::encoding_opts options;
  options.space_as_plus = true;
  return (*field).value.decode(options);
}

Response to_dashboard() {
  Response response;
  response.result(http::status::see_other);
  response.set(http::field::location, "/");
  return response;
}

Response refused(std::string_view note) {
  Response response = login_page(http::status::unauthorized, note);
  response.set(http::field::www_authenticate, challenge);
  return response;
}

}  // namespace

Response login_page(http::status status, std::string_view note) {
  std::string html(login_html);
  const std::string shown = note.empty() ? "" : "<p class=\"note\" role=\"alert\">" + std::string(note) + "</p>";
  html.replace(html.find(note_mark), note_mark.size(), shown);
  Response response = ok("text/html; charset=utf-8", std::move(html));
  response.result(status);
  response.set("Content-Security-Policy", login_policy);
  response.set("Referrer-Policy", "same-origin");  // without one, a browser would not say whose form it sends
  return response;
}

Response log_in(const Request& request, const auth::AdminTokens* tokens) {
  if (request.reads()) return login_page(http::status::ok);
  if (request.method != logdist::http::Method::post) {
    Response response = problem(http::status::method_not_allowed, "only GET, HEAD and POST are allowed here");
    response.set(http::field::allow, "GET, HEAD, POST");
    return response;
  }
  if (is_foreign(request)) return problem(http::status::forbidden, "a web page of another origin may not log in here");
  if (!logdist::http::iequals(logdist::http::media_type(request.content_type.value_or("")),
                              "application/x-www-form-urlencoded")) {
    return problem(http::status::unsupported_media_type, "the form is sent as application/x-www-form-urlencoded");
  }
  if (tokens == nullptr) return to_dashboard();
  const std::string token = form_value(request.body, "token");
  if (!fits_a_cookie(token) || tokens->find(token) == nullptr) return refused("Nobody has this token.");
  Response response = to_dashboard();
  response.set(http::field::set_cookie, fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict{}", cookie_name, token,
                                                    request.is_tls ? "; Secure" : ""));
  return response;
}

std::optional<std::string_view> cookie_token(std::string_view cookies) {
  while (!cookies.empty()) {
    std::string_view cookie = cookies.substr(0, cookies.find(';'));
    cookies.remove_prefix(std::min(cookies.size(), cookie.size() + 1));
    while (cookie.starts_with(' ')) cookie.remove_prefix(1);
    if (!cookie.starts_with(cookie_name) || cookie.substr(cookie_name.size(), 1) != "=") continue;
    cookie.remove_prefix(cookie_name.size() + 1);
    if (fits_a_cookie(cookie)) return cookie;
  }
  return std::nullopt;
}

}  // namespace logdist::admin
