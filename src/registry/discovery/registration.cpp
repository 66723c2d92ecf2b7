#include "logdist/registry/discovery/registration.hpp"

#include <thread>
#include <utility>

#include <fmt/format.h>
#include <boost/asio.hpp>
#include <nlohmann/json.hpp>

#include "logdist/base/base64.hpp"
#include "logdist/net/as_tuple.hpp"
#include "logdist/registry/discovery/discovery.hpp"
#include "logdist/registry/discovery/source_state.hpp"
#include "logdist/telemetry/log.hpp"
#include "registry/discovery/etcd_client.hpp"

namespace logdist::registry {
namespace {

namespace asio = boost::asio;

constexpr std::size_t registry_answer_max = std::size_t{1} << 16;
/// Nobody's end waits longer for a server.
constexpr Duration registry_timeout = std::chrono::seconds(2);

/// One of the two. The result of each call is what is wrong; empty: it worked.
class RegistryClient {
 public:
  virtual ~RegistryClient() = default;
  virtual asio::awaitable<std::string> enroll() = 0;
  /// A sign of life; what is wrong may be that it is forgotten.
  virtual asio::awaitable<std::string> keep() = 0;
  virtual asio::awaitable<std::string> leave() = 0;
};

class ConsulRegistry final : public RegistryClient {
 public:
  ConsulRegistry(asio::io_context& io, net::NameResolver& names, const RegistryTarget& target,
                 const Advertised& advertised)
      : token_(target.to.consul.token),
        id_(consul_id(target, advertised)),
        service_(consul_service(target, advertised)),
        client_(io, names, target.to.consul.url, {}) {}

  asio::awaitable<std::string> enroll() override {
    std::string error = co_await put("/v1/agent/service/register", service_);
    co_return error;
  }
  asio::awaitable<std::string> keep() override {
    std::string error = co_await put("/v1/agent/check/pass/service:" + url_encoded(id_), "");
    co_return error;
  }
  asio::awaitable<std::string> leave() override {
    std::string error = co_await put("/v1/agent/service/deregister/" + url_encoded(id_), "");
    co_return error;
  }

 private:
  asio::awaitable<std::string> put(std::string target, std::string body) {
    HttpRequest request{.method = "PUT",
                        .target = std::move(target),
                        .headers = {},
                        .body = std::move(body),
                        .timeout = registry_timeout,
                        .bytes_max = registry_answer_max};
    if (!token_.empty()) {
      Secret token = read_secret(token_);
      if (!token.error.empty()) co_return "token: " + token.error;
      request.headers.emplace_back("X-Consul-Token", std::move(token.text));
    }
    const HttpResult result = co_await client_.ask(std::move(request));
    if (!result) co_return result.error();
    co_return result->status == 200 ? std::string() : fmt::format("answers {}", result->status);
  }

  const std::string token_;
  const std::string id_;
  const std::string service_;
  HttpClient client_;
};

class EtcdRegistry final : public RegistryClient {
 public:
  EtcdRegistry(asio::io_context& io, net::NameResolver& names, const RegistryTarget& target,
               const Advertised& advertised)
      : ttl_(std::chrono::ceil<std::chrono::seconds>(target.to.ttl)),
        key_(to_base64(etcd_key(target, advertised))),
        value_(to_base64(etcd_value(advertised))),
        client_(io, names, target.to.etcd.endpoints, {target.to.etcd.user, target.to.etcd.password}, {}) {}

  asio::awaitable<std::string> enroll() override {
    const nlohmann::json wanted{{"TTL", std::to_string(ttl_.count())}};
    const HttpResult granted = co_await post("/v3/lease/grant", wanted.dump());
    if (!granted) co_return granted.error();
    const auto json = nlohmann::json::parse(granted->body, nullptr, false);
    lease_ = json.is_object() && json.contains("ID") && json["ID"].is_string() ? json["ID"].get<std::string>() : "";
    if (lease_.empty()) co_return "gives no lease";
    const nlohmann::json pair{{"key", key_}, {"value", value_}, {"lease", lease_}};
    const HttpResult put = co_await post("/v3/kv/put", pair.dump());
    co_return put ? std::string() : put.error();
  }

  asio::awaitable<std::string> keep() override {
    const nlohmann::json lease{{"ID", lease_}};
    const HttpResult kept = co_await post("/v3/lease/keepalive", lease.dump());
    if (!kept) co_return kept.error();
    // A lease that has ended has no TTL.
    const auto json = nlohmann::json::parse(kept->body, nullptr, false);
    const bool lives =
        json.is_object() && json.contains("result") && json["result"].is_object() && json["result"].contains("TTL");
    co_return lives ? std::string() : "has forgotten the lease";
  }

  asio::awaitable<std::string> leave() override {
    const nlohmann::json lease{{"ID", lease_}};
    const HttpResult revoked = co_await post("/v3/lease/revoke", lease.dump());
    co_return revoked ? std::string() : revoked.error();
  }

 private:
  asio::awaitable<HttpResult> post(std::string target, std::string body) {
    HttpRequest request = EtcdClient::post(std::move(target), std::move(body));
    request.timeout = registry_timeout;
    request.bytes_max = registry_answer_max;
    HttpResult result = co_await client_.ask(std::move(request));
    co_return result;
  }

  const std::chrono::seconds ttl_;
  const std::string key_;
  const std::string value_;
  std::string lease_;
  EtcdClient client_;
};

}  // namespace

class Registration::Impl {
 public:
  Impl(RegistryTarget target, Advertised advertised, std::uint64_t seed)
      : name_(to_string(target.type)), interval_(target.to.ttl / 3), random_(seed) {
    if (target.type == config::SourceType::etcd) {
      client_ = std::make_unique<EtcdRegistry>(io_, names_, target, advertised);
    } else {
      client_ = std::make_unique<ConsulRegistry>(io_, names_, target, advertised);
    }
    asio::co_spawn(io_, run(this), [this](const std::exception_ptr& fault) {
      if (fault) std::rethrow_exception(fault);
      end_.cancel();
    });
    thread_ = std::thread([this] { io_.run(); });
  }

  /// Waits at most registry_timeout from the first withdraw().
  ~Impl() {
    withdraw();
    thread_.join();
  }

  void withdraw() {
    asio::post(io_, [this] {
      if (std::exchange(is_leaving_, true)) return;
      timer_.cancel();
      end_.expires_after(registry_timeout);
      end_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        tell_withdrawn("gives no answer");
        io_.stop();
      });
    });
  }

 private:
  /// Until it is withdrawn.
  static asio::awaitable<void> run(Impl* self) {
    while (!self->is_leaving_) {
      std::string error;
      if (self->is_enrolled_) {
        error = co_await self->client_->keep();
      } else {
        error = co_await self->client_->enroll();
      }
      const Duration wait = self->take(error);
      if (self->is_leaving_) break;
      self->timer_.expires_after(wait);
      co_await self->timer_.async_wait(net::as_tuple);
    }
    if (!self->was_enrolled_) co_return;
    const std::string error = co_await self->client_->leave();
    self->tell_withdrawn(error);
  }

  void tell_withdrawn(const std::string& error) const {
    log::record(log::Level::info, "registration_withdrawn",
                error.empty() ? fmt::format("register.{}: withdrawn", name_)
                              : fmt::format("register.{}: {}; it is forgotten after a while", name_, error),
                {{"registry", name_}});
  }

  /// How long to wait then. One that was enrolled enrolls again, at once at first: it may be forgotten.
  Duration take(const std::string& error) {
    if (error.empty()) {
      if (!std::exchange(is_enrolled_, true)) {
        const char* const again = failures_ > 0 ? " again" : "";
        log::record(log::Level::info, "registered", fmt::format("register.{}: registered{}", name_, again),
                    {{"registry", name_}});
      }
      was_enrolled_ = true;
      failures_ = 0;
      return interval_;
    }
    if (failures_ == 0 && !is_enrolled_) {
      log::record(log::Level::warn, "registration_failed", fmt::format("register.{}: {}", name_, error),
                  {{"registry", name_}, {"cause", error}});
    }
    if (std::exchange(is_enrolled_, false)) return Duration::zero();
    return SourceState::retry.wait(failures_++, random_);
  }

  asio::io_context io_{1};
  net::NameResolver names_;
  const std::string name_;
  const Duration interval_;
  Random random_;
  std::unique_ptr<RegistryClient> client_;
  asio::steady_timer timer_{io_};
  asio::steady_timer end_{io_};  ///< no answer is waited for any longer
  bool is_leaving_ = false;
  bool is_enrolled_ = false;
  bool was_enrolled_ = false;  ///< and may be still, whatever the last answer was
  std::uint32_t failures_ = 0;
  std::thread thread_;
};

Registration::Registration(RegistryTarget target, Advertised advertised, std::uint64_t seed)
    : impl_(std::make_unique<Impl>(std::move(target), std::move(advertised), seed)) {}
Registration::~Registration() = default;
void Registration::withdraw() { impl_->withdraw(); }

}  // namespace logdist::registry
