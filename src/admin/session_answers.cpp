// What the admin port answers.
#include <boost/asio.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "admin/event_stream.hpp"
#include "admin/login.hpp"
#include "admin/pages.hpp"
#include "admin/rights.hpp"
#include "admin/session.hpp"
#include "admin/status.hpp"
#include "logdist/config/text.hpp"
#include "logdist/http/authority.hpp"
#include "logdist/http/text.hpp"
#include "logdist/net/as_tuple.hpp"
#include "logdist/telemetry/catalogue.hpp"
#include "logdist/telemetry/log.hpp"

namespace logdist::admin {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

/// Where something asked for arrives.
template <typename Content>
struct Box {
  explicit Box(const asio::any_io_executor& loop) : arrived(loop) {}

  asio::steady_timer arrived;  ///< cancelled by the arrival
  std::optional<Content> content;
};

}  // namespace

asio::awaitable<std::optional<Response>> Session::answer(const Request& request) {
  const std::string_view path = request.path;
  if (path == "*") {  // the options of the port as a whole
    Response response = ok("text/plain; charset=utf-8", {});
    response.set(http::field::allow, "GET, HEAD, POST, DELETE, OPTIONS");
    co_return response;
  }
  if (path == login_path) co_return answer_login(request);
  const auto call = sources_->control == nullptr ? std::nullopt : find_control(path);
  if (call) {
    Response response = co_await answer_control(request, *call);
    co_return response;
  }
  const auto page = find_page(path);
  if (!page) co_return problem(http::status::not_found, "there is nothing at this path; GET / is the dashboard");
  if (!request.reads()) {
    Response response = problem(http::status::method_not_allowed, "only GET and HEAD are allowed here");
    response.set(http::field::allow, "GET, HEAD");
    co_return response;
  }
  switch (*page) {
    case Page::dashboard: co_return dashboard_file(path);
    case Page::events:
      if (request.method == logdist::http::Method::get) co_return std::nullopt;
      co_return ok(event_stream_type, {});
    case Page::healthz: co_return ok("text/plain; charset=utf-8", "alive\n");
    case Page::readyz: co_return readiness();
    case Page::openapi: co_return openapi_document();
    case Page::metrics:
    case Page::status: break;
  }
  const std::optional<telemetry::Scrape> scrape = co_await take_scrape();
  if (!scrape) co_return problem(http::status::service_unavailable, "the event loops did not report in time");
  co_return *page == Page::metrics
      ? ok(telemetry::text_content_type, telemetry::to_text(*scrape, sources_->version))
      : ok("application/json", to_status_json(*scrape, facts_of(*sources_), *sources_->events));
}

/// Why it is not for this port, or not let in; none when it is.
std::optional<Response> Session::refuse_stranger(const Request& request) {
  if (!is_for_us(request)) {
    return problem(http::status::misdirected_request, "Host must be an address, localhost or a name in admin.hosts");
  }
  const std::shared_ptr<const auth::AdminTokens> tokens = sources_->tokens ? sources_->tokens() : nullptr;
  Admission admission = check_rights(request, tokens.get());
  caller_name_ = std::move(admission.name);
  if (admission.refusal) {
    // A browser that comes without a token is no news.
    log::write(request.authorization ? log::Level::warn : log::Level::debug, "admin_refused",
               fmt::format("admin port: {} {} from {} is refused: {}", to_string(request.method),
                           config::printable(request.path), caller(), admission.refusal->result_int()),
               {{"who", caller_name_}, {"from", peer_}, {"status", admission.refusal->result_int()}});
  }
  return std::move(admission.refusal);
}

/// An answer without an end goes on as long as its request would still be let in.
bool Session::may_go_on(const Request& request) const {
  const std::shared_ptr<const auth::AdminTokens> tokens = sources_->tokens ? sources_->tokens() : nullptr;
  return !check_rights(request, tokens.get()).refusal;
}

Response Session::answer_login(const Request& request) {
  const std::shared_ptr<const auth::AdminTokens> tokens = sources_->tokens ? sources_->tokens() : nullptr;
  Response response = log_in(request, tokens.get());
  if (response.result() == http::status::unauthorized) {
    log::warn("admin_refused", fmt::format("admin port: a log-in from {} is refused: 401", peer_),
              {{"who", ""}, {"from", peer_}, {"status", 401}});
  }
  return response;
}

/// Against names of others that lead a browser here (DNS rebinding). Who sends no
/// Host, as HTTP/1.0 may, is no browser.
bool Session::is_for_us(const Request& request) const {
  const auto authority = logdist::http::parse_authority(request.authority);
  if (!authority) return false;
  if (request.authority.empty()) return !request.http_1_1;
  if (logdist::http::is_address(*authority) || logdist::http::iequals(authority->host, "localhost")) return true;
  return std::any_of(sources_->hosts.begin(), sources_->hosts.end(),
                     [&authority](const std::string& name) { return logdist::http::iequals(authority->host, name); });
}

Response Session::readiness() const {
  const Readiness readiness = sources_->readiness();
  Response response = ok("application/json", to_json(readiness));
  if (!readiness.ready()) {
    response.result(http::status::service_unavailable);
    response.set(http::field::retry_after, "1");
  }
  return response;
}

asio::awaitable<std::optional<telemetry::Scrape>> Session::take_scrape() {
  const auto box = std::make_shared<Box<telemetry::Scrape>>(stream_.get_executor());
  box->arrived.expires_after(limits_.request_timeout);
  sources_->request_scrape([box](telemetry::Scrape scrape) {
    asio::post(box->arrived.get_executor(), [box, scrape = std::move(scrape)]() mutable {
      box->content = std::move(scrape);
      box->arrived.cancel();
    });
  });
  co_await box->arrived.async_wait(net::as_tuple);
  co_return std::move(box->content);
}

asio::awaitable<Response> Session::answer_control(const Request& request, const ControlCall& call) {
  std::optional<Response> refusal = refuse(call, request);
  if (refusal) co_return std::move(*refusal);
  if (request.reads()) co_return carry_out(call, request, *sources_->control, caller());
  std::optional<Response> response;
  if (call.kind == ControlCall::Kind::reload) {
    Response reloaded = co_await reload();
    response = std::move(reloaded);
  } else {
    response = carry_out(call, request, *sources_->control, caller());
  }
  record_change(request, *response);
  co_return std::move(*response);
}

asio::awaitable<Response> Session::reload() {
  const auto box = std::make_shared<Box<ReloadReport>>(stream_.get_executor());
  box->arrived.expires_after(limits_.request_timeout);
  sources_->control->reload(caller(), [box](const ReloadReport& report) {
    asio::post(box->arrived.get_executor(), [box, report] {
      box->content = report;
      box->arrived.cancel();
    });
  });
  co_await box->arrived.async_wait(net::as_tuple);
  if (!box->content)
    co_return problem(http::status::service_unavailable,
                      "the event loops did not confirm the reload in time; it is still being applied");
  co_return to_response(*box->content);
}

/// For an audit: who has asked for what, from where, and what was answered.
void Session::record_change(const Request& request, const Response& response) {
  const std::string body = config::printable(request.body);
  const std::string what = fmt::format("{} {}{}{}", to_string(request.method), config::printable(request.path),
                                       body.empty() ? "" : " ", body);
  const std::string who = caller_name_.empty() ? "anonymous" : caller_name_;
  log::record(log::Level::info, "admin_change",
              fmt::format("{} by {} from {}: {}", what, who, peer_, response.result_int()),
              {{"who", who}, {"what", what}, {"from", peer_}, {"status", response.result_int()}});
}

/// For what is logged of its effects.
std::string Session::caller() const { return caller_name_.empty() ? peer_ : caller_name_ + " from " + peer_; }

}  // namespace logdist::admin
