"""The process of a PJSIP phone: line-JSON commands on stdin, answers and events on stdout.

Run as `python -m tests.support.pjsua_process FOLDER`; `pjsua_phone.PjsuaPhone` starts and drives it. PJSIP is GPL: it
is loaded only here, in a process of its own, and only by tests. One process carries at most 4 calls and 8 accounts.

All of PJSIP runs in the main thread between commands; its callbacks only note what happened.
"""

import json
import os
import queue
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pjsua2 as pj

_POLL_MS = 5

# PJSIP logs to the real standard output until it is configured: answers get a descriptor of their own.
_answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def emit(**fields: Any) -> None:
    _answers.write(json.dumps(fields) + "\n")
    _answers.flush()


def event(kind: str, **fields: Any) -> None:
    emit(event=kind, at=time.time(), **fields)


class PhoneCall(pj.Call):  # type: ignore[misc]  # no stubs for this wheel
    """One call leg; records what is heard and plays a file to the other side as soon as there is media."""

    def __init__(self, phone: "Phone", account: "PhoneAccount", call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, call_id)
        self._phone = phone
        self.record_to: str | None = None
        self.play_from: str | None = None
        self._recorder: pj.AudioMediaRecorder | None = None
        self._player: pj.AudioMediaPlayer | None = None

    def onCallSdpCreated(self, prm: pj.OnCallSdpCreatedParam) -> None:
        if self._phone.without_events:
            prm.sdp.wholeSdp = without_events(prm.sdp.wholeSdp)

    def onCallState(self, prm: pj.OnCallStateParam) -> None:
        info = self.getInfo()
        event(
            "call",
            call=info.id,
            state=info.stateText,
            code=info.lastStatusCode,
            reason=info.lastReason,
            remote=info.remoteUri,
            call_id=info.callIdString,
        )
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._recorder = self._player = None
            self._phone.forget(info.id)

    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:
        info = self.getInfo()
        for index, media in enumerate(info.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO:
                codec = self.getStreamInfo(index).codecName if media.status == pj.PJSUA_CALL_MEDIA_ACTIVE else ""
                event("media", call=info.id, status=_MEDIA_STATUS.get(media.status, str(media.status)), codec=codec)
        self.attach()

    def attach(self) -> None:
        """Connect recorder and player to the audio, where there is any."""
        flowing = (pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD)
        info = self.getInfo()  # a name keeps it alive: the wrapper's `media` points into it
        for index, media in enumerate(info.media):
            if media.type != pj.PJMEDIA_TYPE_AUDIO or media.status not in flowing:
                continue
            audio = self.getAudioMedia(index)
            if self.record_to and self._recorder is None:
                self._recorder = pj.AudioMediaRecorder()
                self._recorder.createRecorder(self.record_to)
            if self.play_from and self._player is None:
                self._player = pj.AudioMediaPlayer()
                self._player.createPlayer(self.play_from)
            if self._recorder is not None:
                audio.startTransmit(self._recorder)
            if self._player is not None:
                self._player.startTransmit(audio)

    def onCallTransferStatus(self, prm: pj.OnCallTransferStatusParam) -> None:
        event("transfer", call=self.getId(), code=prm.statusCode, final=prm.finalNotify)

    def onDtmfDigit(self, prm: pj.OnDtmfDigitParam) -> None:
        event("dtmf", call=self.getId(), digit=prm.digit)


def without_events(sdp: str) -> str:
    """The same description without telephone events."""
    for number in set(re.findall(r"a=rtpmap:(\d+) telephone-event/", sdp)):
        sdp = re.sub(rf"a=(rtpmap|fmtp):{number} .*\r\n", "", sdp)
        sdp = re.sub(rf"(m=audio .*) {number}\b", r"\1", sdp)
    return sdp


_MEDIA_STATUS = {
    pj.PJSUA_CALL_MEDIA_NONE: "none",
    pj.PJSUA_CALL_MEDIA_ACTIVE: "active",
    pj.PJSUA_CALL_MEDIA_LOCAL_HOLD: "local-hold",
    pj.PJSUA_CALL_MEDIA_REMOTE_HOLD: "remote-hold",
    pj.PJSUA_CALL_MEDIA_ERROR: "error",
}


class PhoneAccount(pj.Account):  # type: ignore[misc]
    def __init__(self, phone: "Phone", name: str) -> None:
        super().__init__()
        self._phone = phone
        self._name = name

    def onRegState(self, prm: pj.OnRegStateParam) -> None:
        active = self.getInfo().regIsActive
        event("registration", account=self._name, code=prm.code, expires=prm.expiration, active=active)

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:
        # Only noted: answering in here re-enters PJSIP's INVITE session while it is being made.
        call = PhoneCall(self._phone, self, prm.callId)
        self._phone.calls[prm.callId] = call
        info = call.getInfo()
        event(
            "incoming",
            account=self._name,
            call=info.id,
            remote=info.remoteUri,
            local=info.localUri,
            call_id=info.callIdString,
        )

    def onMwiInfo(self, prm: pj.OnMwiInfoParam) -> None:
        event("mwi", account=self._name, message=prm.rdata.wholeMsg)


class PhoneBuddy(pj.Buddy):  # type: ignore[misc]
    def onBuddyState(self) -> None:
        info = self.getInfo()
        event(
            "buddy",
            uri=info.uri,
            subscription=info.subStateName,
            status=_BUDDY_STATUS.get(info.presStatus.status, "unknown"),
            text=info.presStatus.statusText,
            note=info.presStatus.note,
            activity=_ACTIVITY.get(info.presStatus.activity, "unknown"),
        )


_BUDDY_STATUS = {pj.PJSUA_BUDDY_STATUS_ONLINE: "open", pj.PJSUA_BUDDY_STATUS_OFFLINE: "closed"}
_ACTIVITY = {pj.PJRPID_ACTIVITY_AWAY: "away", pj.PJRPID_ACTIVITY_BUSY: "busy"}


class Phone:
    """The endpoint and what belongs to it; each public method named `do_...` is a command."""

    def __init__(self, folder: Path) -> None:
        self._log = str(folder / "pjsip.log")
        self._endpoint = pj.Endpoint()
        self._accounts: dict[str, PhoneAccount] = {}
        self._buddies: dict[str, PhoneBuddy] = {}
        self._transports: dict[str, int] = {}
        self._host, self._rtp_port = "", 0
        self.without_events = False
        self.calls: dict[int, PhoneCall] = {}
        self._over: list[PhoneCall] = []
        self.running = True

    def forget(self, call_id: int) -> None:
        # Kept until the next turn of the loop: PJSIP is still inside this call's callback.
        if call := self.calls.pop(call_id, None):
            self._over.append(call)

    def turn(self) -> None:
        self._endpoint.libHandleEvents(_POLL_MS)
        self._over.clear()

    def do_start(self, host: str, port: int, codecs: list[str], rtp_port: int, without_events: bool) -> dict[str, Any]:
        self.without_events = without_events
        config = pj.EpConfig()
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.uaConfig.maxCalls = 4
        config.logConfig.level = 5
        config.logConfig.consoleLevel = 0
        config.logConfig.filename = self._log
        config.medConfig.noVad = True
        config.medConfig.ecTailLen = 0
        self._host, self._rtp_port = host, rtp_port
        self._endpoint.libCreate()
        self._endpoint.libInit(config)
        for transport, kind in (("udp", pj.PJSIP_TRANSPORT_UDP), ("tcp", pj.PJSIP_TRANSPORT_TCP)):
            transport_config = pj.TransportConfig()
            transport_config.boundAddress = host
            transport_config.port = port
            self._transports[transport] = self._endpoint.transportCreate(kind, transport_config)
        self._endpoint.libStart()
        self._endpoint.audDevManager().setNullDev()
        for codec in self._endpoint.codecEnum2():
            wanted = [place for place, name in enumerate(codecs) if codec.codecId.startswith(f"{name}/")]
            self._endpoint.codecSetPriority(codec.codecId, 200 - wanted[0] if wanted else 0)
        where = self._endpoint.transportGetInfo(self._transports["udp"]).localName
        return {"port": int(where.rsplit(":", 1)[1])}

    def do_account(
        self,
        name: str,
        uri: str,
        proxy: str | None,
        registrar: str | None,
        user: str,
        password: str,
        transport: str,
        mwi: bool,
        publish: bool,
        expires: int,
    ) -> None:
        config = pj.AccountConfig()
        config.idUri = uri
        config.sipConfig.transportId = self._transports[transport] if proxy is None else pj.PJSUA_INVALID_ID
        if proxy:
            config.sipConfig.proxies.append(proxy)
        if password:
            config.sipConfig.authCreds.append(
                pj.AuthCredInfo("digest", "*", user, pj.PJSIP_CRED_DATA_PLAIN_PASSWD, password)
            )
        config.regConfig.registrarUri = registrar or ""
        config.regConfig.timeoutSec = expires
        config.regConfig.retryIntervalSec = 0
        config.mwiConfig.enabled = mwi
        config.presConfig.publishEnabled = publish
        config.mediaConfig.transportConfig.boundAddress = self._host
        config.mediaConfig.transportConfig.port = self._rtp_port
        config.mediaConfig.transportConfig.portRange = 100
        self._accounts[name] = account = PhoneAccount(self, name)
        account.create(config)

    def do_unregister(self, account: str) -> None:
        self._accounts[account].setRegistration(False)

    def do_call(self, account: str, uri: str, record_to: str | None, play_from: str | None) -> dict[str, Any]:
        call = PhoneCall(self, self._accounts[account])
        call.record_to, call.play_from = record_to, play_from
        call.makeCall(uri, pj.CallOpParam(True))
        self.calls[call.getId()] = call
        return {"call": call.getId(), "call_id": call.getInfo().callIdString}

    def do_answer(self, call: int, code: int, record_to: str | None, play_from: str | None) -> None:
        leg = self.calls[call]
        leg.record_to, leg.play_from = record_to or leg.record_to, play_from or leg.play_from
        parameters = pj.CallOpParam(True)
        parameters.statusCode = code
        leg.answer(parameters)

    def do_hangup(self, call: int, code: int) -> None:
        parameters = pj.CallOpParam()
        parameters.statusCode = code
        self.calls[call].hangup(parameters)

    def do_hold(self, call: int) -> None:
        self.calls[call].setHold(pj.CallOpParam())

    def do_retrieve(self, call: int) -> None:
        parameters = pj.CallOpParam(True)
        parameters.opt.flag = pj.PJSUA_CALL_UNHOLD
        self.calls[call].reinvite(parameters)

    def do_transfer(self, call: int, to: str) -> None:
        self.calls[call].xfer(to, pj.CallOpParam(True))

    def do_join(self, call: int, other: int) -> None:
        self.calls[call].xferReplaces(self.calls[other], pj.CallOpParam(True))

    def do_dtmf(self, call: int, digits: str, method: str) -> None:
        parameters = pj.CallSendDtmfParam()
        parameters.method = pj.PJSUA_DTMF_METHOD_SIP_INFO if method == "info" else pj.PJSUA_DTMF_METHOD_RFC2833
        parameters.duration = 120
        parameters.digits = digits
        self.calls[call].sendDtmf(parameters)

    def do_watch(self, account: str, uri: str) -> None:
        config = pj.BuddyConfig()
        config.uri = uri
        config.subscribe = True
        self._buddies[uri] = buddy = PhoneBuddy()
        buddy.create(self._accounts[account], config)

    def do_tell(self, account: str, activity: str, note: str) -> None:
        status = pj.PresenceStatus()
        status.status = pj.PJSUA_BUDDY_STATUS_ONLINE
        status.activity = {name: number for number, name in _ACTIVITY.items()}.get(activity, 0)
        status.note = note
        self._accounts[account].setOnlineStatus(status)

    def do_unwatch(self, uri: str) -> None:
        self._buddies[uri].subscribePresence(False)

    def do_media_counters(self, call: int) -> dict[str, Any]:
        statistics = self.calls[call].getStreamStat(0).rtcp
        return {"received": statistics.rxStat.pkt, "sent": statistics.txStat.pkt, "lost": statistics.rxStat.loss}

    def do_codec(self, call: int) -> dict[str, Any]:
        return {"codec": self.calls[call].getStreamInfo(0).codecName}

    def do_stop(self) -> None:
        self.running = False

    def close(self) -> None:
        self.calls.clear()
        self._endpoint.libDestroy()


def read_commands(commands: "queue.Queue[str | None]") -> None:
    for line in sys.stdin:
        commands.put(line)
    commands.put(None)


def obey(phone: Phone, line: str) -> None:
    command = json.loads(line)
    number, name = command.pop("number"), command.pop("do")
    act: Callable[..., dict[str, Any] | None] = getattr(phone, f"do_{name}")
    try:
        emit(number=number, result=act(**command) or {})
    except pj.Error as error:
        emit(number=number, error=f"{error.title}: {error.reason}")
    except KeyError as error:
        emit(number=number, error=f"no such call or account: {error}")


def main() -> None:
    commands: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=read_commands, args=(commands,), daemon=True).start()
    phone = Phone(Path(sys.argv[1]))
    started = False
    while phone.running:
        try:
            line = commands.get(block=not started)
        except queue.Empty:
            phone.turn()
            continue
        if line is None:
            break
        obey(phone, line)
        started = True
    phone.close()


if __name__ == "__main__":
    main()
