// How a coroutine takes the outcome of an Asio operation.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace logdist::net {

/// Completion token of a coroutine that takes an error as a value: the operation
/// gives {error, result…} and throws nothing.
inline constexpr auto as_tuple = boost::asio::as_tuple(boost::asio::use_awaitable);

}  // namespace logdist::net
