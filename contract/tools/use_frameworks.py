"""Runs a Bell circuit on every backend type through Qiskit and PennyLane, after their documentation.

The login is that of `~/.quantuminspire/config.json`.
"""

import pennylane
from pennylane_quantuminspire.qi_device import QIDevice
from qiskit import QuantumCircuit, transpile
from qiskit_quantuminspire.qi_provider import QIProvider


def with_qiskit(backend):
    qubits = min(backend.num_qubits, 2)
    circuit = QuantumCircuit(qubits, qubits)
    circuit.h(0)
    if qubits == 2:
        circuit.cx(0, 1)
    circuit.measure(range(qubits), range(qubits))
    job = backend.run(transpile(circuit, backend), shots=100, memory=True)
    result = job.result(timeout=60)
    assert result.success, result
    counts = result.get_counts()
    assert sum(counts.values()) == 100, counts
    assert all(len(bits) == qubits for bits in counts), counts
    assert len(result.get_memory()) == 100


def with_pennylane(backend):
    device = QIDevice(backend)

    @pennylane.set_shots(100)
    @pennylane.qnode(device)
    def bell():
        pennylane.Hadamard(0)
        pennylane.CNOT([0, 1])
        return pennylane.counts(wires=[0, 1])

    counts = bell()
    assert sum(counts.values()) == 100, counts
    assert all(len(bits) == 2 for bits in counts), counts


provider = QIProvider()
for backend in provider.backends():
    with_qiskit(backend)
with_pennylane(provider.get_backend("QX emulator"))
