"""A pjsua2 phone as a process: commands on standard input, one JSON object per event on standard output.

Started as `python softphone.py PORT`. Commands: `register USER PASSWORD REGISTRAR`, `call-from USER`,
`play FILE`, `record FILE`, `call URI`, `hold`, `resume`, `transfer URI`, `dtmf DIGITS`, `hang-up`, `quit`.
"""

import json
import os
import selectors
import sys
from typing import Any

import pjsua2 as pj


def tell(event: str, **more: object) -> None:
    """One line for the test."""
    sys.stdout.write(json.dumps({"event": event, **more}) + "\n")
    sys.stdout.flush()


class Call(pj.Call):  # type: ignore[misc]
    """The one call of this phone."""

    def __init__(self, phone: "Phone", call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(phone.account, call_id)
        self.phone = phone

    def onCallState(self, _: Any) -> None:  # noqa: N802 (their name)
        info = self.getInfo()
        tell("state", state=info.stateText, status=info.lastStatusCode)

    def onCallMediaState(self, _: Any) -> None:  # noqa: N802
        info = self.getInfo()  # its list of media dies with it
        media = [one for one in info.media if one.type == pj.PJMEDIA_TYPE_AUDIO]
        tell("media", status=[one.status for one in media])
        if media and media[0].status != pj.PJSUA_CALL_MEDIA_NONE:
            self.phone.connect(self.getAudioMedia(-1))

    def onCallTransferStatus(self, parameters: Any) -> None:  # noqa: N802
        tell("transfer", status=parameters.statusCode)

    def onDtmfDigit(self, parameters: Any) -> None:  # noqa: N802
        tell("dtmf", digit=parameters.digit)


class Account(pj.Account):  # type: ignore[misc]
    """Registered or not, and who calls."""

    def __init__(self, phone: "Phone") -> None:
        super().__init__()
        self.phone = phone

    def onRegState(self, parameters: Any) -> None:  # noqa: N802
        tell("registered", status=parameters.code)

    def onIncomingCall(self, parameters: Any) -> None:  # noqa: N802
        self.phone.rung(parameters.callId)


class Phone:
    """All objects of the library are kept here: it destroys what nobody refers to."""

    def __init__(self, port: int) -> None:
        self.endpoint = pj.Endpoint()
        self.endpoint.libCreate()
        config = pj.EpConfig()
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.logConfig.level = config.logConfig.consoleLevel = 0
        config.medConfig.clockRate = 8000
        config.medConfig.noVad = True
        config.medConfig.ecTailLen = 0
        self.endpoint.libInit(config)
        transport = pj.TransportConfig()
        transport.port, transport.boundAddress = port, "127.0.0.1"
        self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        self.endpoint.audDevManager().setNullDev()
        self.endpoint.libStart()
        for codec in self.endpoint.codecEnum2():
            wanted = codec.codecId.startswith("PCMA")
            self.endpoint.codecSetPriority(codec.codecId, 255 if wanted else 0)
        self.account = self.make_account("sip:anonymous@127.0.0.1")
        self.call: Call | None = None
        self.player: Any = None
        self.recorder: Any = None
        self.answers = True

    def make_account(self, address: str, registrar: str = "", user: str = "", password: str = "") -> Account:
        config = pj.AccountConfig()
        config.idUri = address
        config.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
        config.natConfig.contactRewriteUse = 0
        if registrar:
            config.regConfig.registrarUri = registrar
            credentials = pj.AuthCredInfo("digest", "*", user, 0, password)
            config.sipConfig.authCreds.append(credentials)
        account = Account(self)
        account.create(config)
        return account

    def rung(self, call_id: int) -> None:
        self.call = Call(self, call_id)
        tell("rung", by=self.call.getInfo().remoteUri)
        self._answer(200 if self.answers else 180)

    def connect(self, audio: Any) -> None:
        """The player speaks, the recorder listens."""
        if self.player is not None:
            self.player.startTransmit(audio)
        if self.recorder is not None:
            audio.startTransmit(self.recorder)

    def _answer(self, status: int) -> None:
        parameters = pj.CallOpParam()
        parameters.statusCode = status
        if self.call is not None:
            self.call.answer(parameters)

    def obey(self, command: str, *words: str) -> bool:
        """Carry out one command; False: the end."""
        if command == "quit":
            return False
        getattr(self, "do_" + command.replace("-", "_"))(*words)
        return True

    def do_register(self, user: str, password: str, registrar: str) -> None:
        self.account = self.make_account(f"sip:{user}@acd.invalid", registrar, user, password)

    def do_call_from(self, user: str) -> None:
        self.account = self.make_account(f"sip:{user}@127.0.0.1")

    def do_let_ring(self) -> None:
        self.answers = False

    def do_pick_up(self) -> None:
        self._answer(200)

    def do_play(self, path: str) -> None:
        self.player = pj.AudioMediaPlayer()
        self.player.createPlayer(path)

    def do_record(self, path: str) -> None:
        self.recorder = pj.AudioMediaRecorder()
        self.recorder.createRecorder(path)

    def do_call(self, uri: str) -> None:
        self.call = Call(self)
        self.call.makeCall(uri, pj.CallOpParam(True))

    def do_hold(self) -> None:
        if self.call is not None:
            self.call.setHold(pj.CallOpParam(True))

    def do_resume(self) -> None:
        parameters = pj.CallOpParam(True)
        parameters.opt.flag = pj.PJSUA_CALL_UNHOLD
        if self.call is not None:
            self.call.reinvite(parameters)

    def do_transfer(self, uri: str) -> None:
        if self.call is not None:
            self.call.xfer(uri, pj.CallOpParam(True))

    def do_dtmf(self, digits: str) -> None:
        if self.call is not None:
            self.call.dialDtmf(digits)

    def do_hang_up(self) -> None:
        if self.call is not None:
            self.call.hangup(pj.CallOpParam(True))

    def run(self) -> None:
        selector = selectors.DefaultSelector()
        selector.register(0, selectors.EVENT_READ)
        pending = b""
        tell("started")
        while True:
            self.endpoint.libHandleEvents(10)
            if selector.select(0):
                pending += os.read(0, 4096) or b"quit\n"
            while b"\n" in pending:
                line, _, pending = pending.partition(b"\n")
                if not self.obey(*line.decode().split()):
                    return


if __name__ == "__main__":
    Phone(int(sys.argv[1])).run()
    # The library's objects must not be destroyed in the interpreter's order.
    os._exit(0)
