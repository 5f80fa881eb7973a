/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Codes as Windows shows them: what admins search for. Own codes carry the customer bit (29). */
#ifndef WC_CORE_HRESULT_H
#define WC_CORE_HRESULT_H

#define WC_HR_OK            0u
#define WC_HR_FAIL          0x80004005u /* E_FAIL: the MCS key */
#define WC_HR_ACCESS_DENIED 0x80070005u /* E_ACCESSDENIED */
#define WC_HR_LOGON_FAILURE 0x8007052eu /* ERROR_LOGON_FAILURE: account or password is wrong */
#define WC_HR_LOCKED_OUT    0x80070775u /* ERROR_ACCOUNT_LOCKED_OUT: too many wrong ones */
#define WC_HR_NOT_FOUND     0x80070002u /* ERROR_FILE_NOT_FOUND: package or version unknown */
#define WC_HR_TIMEOUT       0x800705b4u /* ERROR_TIMEOUT: an empty download */
#define WC_HR_HASH_VALUE    0x80091007u /* CRYPT_E_HASH_VALUE: damage */
#define WC_HR_DISK_FULL     0x80070070u /* ERROR_DISK_FULL */
#define WC_HR_WRITE_FAULT   0x8007001du /* ERROR_WRITE_FAULT */
#define WC_HR_READ_FAULT    0x8007001eu /* ERROR_READ_FAULT: source unreadable or changed */
#define WC_HR_CANCELLED     0x800704c7u /* ERROR_CANCELLED */
#define WC_HR_NO_MEMORY     0x8007000eu /* E_OUTOFMEMORY: memory or threads */
#define WC_HR_NETWORK       0x800704cfu /* ERROR_NETWORK_UNREACHABLE: no socket for the group */
#define WC_HR_PORT_TAKEN    0x80072740u /* WSAEADDRINUSE: the TCP port is taken */
#define WC_HR_CONNECTION    0x80072efeu /* ERROR_INTERNET_CONNECTION_ABORTED */
#define WC_HR_BUSY          0xa0570001u /* session full */
#define WC_HR_PROTOCOL      0xa0570002u /* the other side breaks the protocol */

#endif
