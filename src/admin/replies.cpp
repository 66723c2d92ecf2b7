#include "admin/replies.hpp"

#include <boost/beast/http/field.hpp>
#include <nlohmann/json.hpp>

namespace logdist::admin {

namespace http = boost::beast::http;

Response ok(std::string_view content_type, std::string body) {
  Response response;
  response.result(http::status::ok);
  response.set(http::field::content_type, content_type);
  response.body() = std::move(body);
  return response;
}

Response problem(http::status status, std::string_view detail) {
  const std::string title(http::obsolete_reason(status));
  const nlohmann::ordered_json body{
      {"type", "about:blank"}, {"title", title}, {"status", static_cast<unsigned>(status)}, {"detail", detail}};
  Response response = ok("application/problem+json",
                         body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  response.result(status);
  if (status == http::status::service_unavailable) response.set(http::field::retry_after, "1");
  return response;
}

}  // namespace logdist::admin
