// What functions of the vDSO do on the host's side.
#pragma once

namespace dragoman::linux_abi::riscv {

/// Numbers of the host calls that the vDSO's code makes.
enum VdsoCall : int { kVdsoClockGettime, kVdsoGettimeofday, kVdsoClockGetres, kVdsoGetcpu };

}  // namespace dragoman::linux_abi::riscv
