#include "logdist/codec/compression/decompressor_pool.hpp"

#include <utility>

namespace logdist::codec {

DecompressorPool::Lease DecompressorPool::take(ContentCoding coding, std::size_t body_bytes) {
  if (!has_one(is_small(body_bytes))) return nullptr;
  auto decompressor = std::exchange(idle_[static_cast<std::size_t>(coding)], nullptr);
  if (!decompressor) decompressor = make_decompressor(coding);
  ++lent_;
  return {decompressor.release(), GiveBack{this, coding}};
}

void DecompressorPool::GiveBack::operator()(Decompressor* decompressor) const {
  --pool->lent_;
  pool->idle_[static_cast<std::size_t>(coding)].reset(decompressor);
}

}  // namespace logdist::codec
