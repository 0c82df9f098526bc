; "Open with > Lectern" on Windows. Tauri's own file associations write each type's default class, which would make us
; its player; the types an application says it supports only list it among the others
; (https://learn.microsoft.com/windows/win32/shell/app-registration#registering-verbs-and-other-file-association-information).

!macro LECTERN_SUPPORTS EXTENSION
  WriteRegStr SHCTX "Software\Classes\Applications\${MAINBINARYNAME}.exe\SupportedTypes" ".${EXTENSION}" ""
!macroend

!macro NSIS_HOOK_POSTINSTALL
  WriteRegStr SHCTX "Software\Classes\Applications\${MAINBINARYNAME}.exe" "FriendlyAppName" "${PRODUCTNAME}"
  WriteRegStr SHCTX "Software\Classes\Applications\${MAINBINARYNAME}.exe\shell\open\command" "" \
    "$\"$INSTDIR\${MAINBINARYNAME}.exe$\" $\"%1$\""
  !insertmacro LECTERN_SUPPORTS "mp4"
  !insertmacro LECTERN_SUPPORTS "m4v"
  !insertmacro LECTERN_SUPPORTS "mov"
  !insertmacro LECTERN_SUPPORTS "mkv"
  !insertmacro LECTERN_SUPPORTS "webm"
  !insertmacro LECTERN_SUPPORTS "mpg"
  !insertmacro LECTERN_SUPPORTS "mpeg"
  !insertmacro LECTERN_SUPPORTS "mts"
  !insertmacro LECTERN_SUPPORTS "m2ts"
  !insertmacro LECTERN_SUPPORTS "avi"
  !insertmacro LECTERN_SUPPORTS "wmv"
  !insertmacro LECTERN_SUPPORTS "mp3"
  !insertmacro LECTERN_SUPPORTS "m4a"
  !insertmacro LECTERN_SUPPORTS "wav"
  !insertmacro LECTERN_SUPPORTS "flac"
  !insertmacro LECTERN_SUPPORTS "ogg"
  !insertmacro LECTERN_SUPPORTS "oga"
  !insertmacro LECTERN_SUPPORTS "opus"
  !insertmacro LECTERN_SUPPORTS "jpg"
  !insertmacro LECTERN_SUPPORTS "jpeg"
  !insertmacro LECTERN_SUPPORTS "png"
  !insertmacro LECTERN_SUPPORTS "webp"
  !insertmacro LECTERN_SUPPORTS "pdf"
  ; 0x08000000: associations changed
  ; (https://learn.microsoft.com/windows/win32/api/shlobj_core/nf-shlobj_core-shchangenotify).
  System::Call "shell32::SHChangeNotify(i 0x08000000, i 0, i 0, i 0)"
!macroend

!macro NSIS_HOOK_POSTUNINSTALL
  ; An update takes the old version away first and must not lose the entry for good: the new one writes it again.
  DeleteRegKey SHCTX "Software\Classes\Applications\${MAINBINARYNAME}.exe"
  System::Call "shell32::SHChangeNotify(i 0x08000000, i 0, i 0, i 0)"
!macroend
